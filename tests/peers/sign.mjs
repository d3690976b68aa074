// Signs a file with @sigstore/sign at a Fulcio, a Rekor v2 and a timestamp authority:
//
//   node sign.mjs sign|attest SIGNING_CONFIG TOKEN ARTIFACT BUNDLE
//
// writes the bundle and prints `signed`.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createRequire } from 'node:module';

// The libraries lie beside the node that runs this, not beside this file.
const require = createRequire(process.execPath);
const { bundleToJSON } = require('@sigstore/bundle');
const { DSSEBundleBuilder, FulcioSigner, MessageSignatureBundleBuilder, RekorWitness, TSAWitness } =
  require('@sigstore/sign');

const [kind, configFile, token, artifactFile, bundleFile] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configFile, 'utf8'));
const artifact = readFileSync(artifactFile);

const signer = new FulcioSigner({
  fulcioBaseURL: config.caUrls[0].url,
  identityProvider: { getToken: async () => token },
});
const witnesses = [
  new RekorWitness({
    rekorBaseURL: config.rekorTlogUrls[0].url,
    majorApiVersion: config.rekorTlogUrls[0].majorApiVersion,
  }),
  // The library appends the path that the signing config has at its end.
  new TSAWitness({ tsaBaseURL: config.tsaUrls[0].url.replace(/\/api\/v1\/timestamp$/, '') }),
];

let bundle;
if (kind === 'attest') {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: basename(artifactFile), digest: { sha256: createHash('sha256').update(artifact).digest('hex') } }],
    predicateType: 'https://example.com/predicate',
    predicate: { buildType: 'https://example.com/build' },
  };
  const builder = new DSSEBundleBuilder({ signer, witnesses });
  bundle = await builder.create({
    data: Buffer.from(JSON.stringify(statement)),
    type: 'application/vnd.in-toto+json',
  });
} else {
  const builder = new MessageSignatureBundleBuilder({ signer, witnesses });
  bundle = await builder.create({ data: artifact });
}
writeFileSync(bundleFile, JSON.stringify(bundleToJSON(bundle)));
console.log('signed');
