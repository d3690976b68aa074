// An OpenID provider that is not ours (panva's oidc-provider), and somebody who logs in at it:
//
//   node oidc.mjs [EMAIL]
//
// prints `issuer URL`, with an address `token TOKEN` too, and then serves until standard input ends. Without one,
// whoever comes may log in, under any name that is an address.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The library lies beside the node that runs this, not beside this file, and is an ES module.
const require = createRequire(process.execPath);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const email = process.argv[2];
const redirect = 'http://127.0.0.1/auth/callback';
const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'sigstore',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    redirect_uris: [redirect, 'http://localhost/auth/callback'],
    grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  // Otherwise the address is told at the user info endpoint alone, where Fulcio does not look.
  conformIdTokenClaims: false,
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: id, email_verified: true }),
  }),
  features: { devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
});
server.on('request', provider.callback());

// A browser: follows redirects and keeps cookies.
const cookies = new Map();
async function visit(url, options = {}) {
  for (let hop = 0; hop < 10; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...options, redirect: 'manual', headers: { ...options.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return { url, body: await answer.text() };
    url = new URL(location, url).href;
    if (url.startsWith(redirect)) return { url };
    options = {};
  }
  throw new Error('too many redirects');
}
const post = (url, fields) => visit(url, { method: 'POST', body: new URLSearchParams(fields) });
const action = (page) => new URL(/action="([^"]+)"/.exec(page.body)[1], page.url).href;

async function logIn() {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: 'sigstore',
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'state',
    nonce: 'nonce',
  });
  let page = await visit(`${issuer}/auth?${query}`);
  page = await post(action(page), { prompt: 'login', login: email, password: 'any' });
  page = await post(action(page), { prompt: 'consent' });
  const code = new URL(page.url).searchParams.get('code');
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'sigstore',
      redirect_uri: redirect,
      code,
      code_verifier: verifier,
    }),
  });
  const { id_token: token } = await answer.json();
  return token;
}

console.log(`issuer ${issuer}`);
if (email) console.log(`token ${await logIn()}`);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
