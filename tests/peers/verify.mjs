// Verifies one bundle with @sigstore/verify, every check on:
//
//   node verify.mjs BUNDLE TRUSTED_ROOT ARTIFACT IDENTITY ISSUER
//
// prints `verified` and exits 0, or prints `refused: CODE: message` and exits 1.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The libraries lie beside the node that runs this, not beside this file.
const require = createRequire(process.execPath);
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

function refuse(code, message) {
  throw Object.assign(new Error(message), { code });
}

// The library takes an identity as a regular expression that may match anywhere; the policy here is the exact text.
function exactly(identity) {
  return `^${identity.replace(/[.*+?^${}()|[\]\\\/-]/g, '\\$&')}$`;
}

function verify(bundleFile, trustedRootFile, artifactFile, identity, issuer) {
  const readJSON = (file) => JSON.parse(readFileSync(file, 'utf8'));
  const bundle = bundleFromJSON(readJSON(bundleFile));
  const trust = toTrustMaterial(TrustedRoot.fromJSON(readJSON(trustedRootFile)));
  const artifact = readFileSync(artifactFile);
  const entity = toSignedEntity(bundle, artifact);

  // The library's threshold also counts the time that a log puts beside an entry. It refuses every bundle with a bad
  // token, so one that is there is one that was checked.
  if (!entity.timestamps.some((timestamp) => timestamp.$case === 'timestamp-authority')) {
    refuse('TIMESTAMP_ERROR', 'no RFC 3161 timestamp');
  }
  new Verifier(trust, { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 }).verify(entity, {
    subjectAlternativeName: exactly(identity),
    extensions: { issuer },
  });

  // For an envelope the library leaves it to its caller whether the statement is about this artifact.
  if (bundle.content.$case === 'dsseEnvelope') {
    const digest = createHash('sha256').update(artifact).digest('hex');
    const { subject } = JSON.parse(bundle.content.dsseEnvelope.payload.toString('utf8'));
    if (!subject?.some((one) => one.digest?.sha256 === digest)) {
      refuse('SUBJECT_ERROR', 'the artifact is no subject of the statement');
    }
  }
}

if (process.argv.length !== 7) {
  console.error('usage: verify.mjs BUNDLE TRUSTED_ROOT ARTIFACT IDENTITY ISSUER');
  process.exit(2);
}
try {
  verify(...process.argv.slice(2));
  console.log('verified');
} catch (error) {
  // An outer error may only say that something failed; the reason is then in its cause.
  for (let cause = error; cause; cause = cause.cause) {
    const fields = cause.fields ? ` (${cause.fields.join(', ')})` : '';
    console.error(`refused: ${cause.code ?? cause.name}: ${cause.message}${fields}`);
  }
  process.exitCode = 1;
}
