// An OpenID provider that is not ours (panva's oidc-provider), and somebody who logs in at it:
//
//   node oidc.mjs [EMAIL]
//
// prints `issuer URL`, with an address `token TOKEN` too, and then serves until standard input ends. Without one,
// whoever comes may log in, under any name that is an address. Of each request that has parameters it prints
// `asked METHOD PATH JSON`, without who the client is and how it shows that, and without what is random.

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
  },
  // Machines, which show a secret.
  ...['robot', 'vouched-robot'].map((client_id) => ({
    client_id,
    client_secret: 's3cret',
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
  }))],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  // Otherwise the address is told at the user info endpoint alone, where Fulcio does not look.
  conformIdTokenClaims: false,
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: id, email_verified: true }),
  }),
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
});

// A code that is copied from the address to which the browser cannot go: the library's own rules know no such
// address for a client, and leave it to whoever runs it to allow more.
const { prototype } = provider.Client;
const allowed = prototype.redirectUriAllowed;
prototype.redirectUriAllowed = function redirectUriAllowed(uri) {
  return uri === 'urn:ietf:wg:oauth:2.0:oob' || allowed.call(this, uri);
};

// A machine gets an access token, as OAuth has it, and no word on who it is. For one of the two the issuer says that
// too, as some do whose machines sign.
const random = ['code', 'code_challenge', 'code_verifier', 'device_code', 'nonce', 'state'];
provider.use(async (ctx, next) => {
  await next();
  const { oidc } = ctx;
  const told = Object.entries(oidc?.params ?? {})
    .filter(([name, value]) => value !== undefined && !['client_id', 'client_secret'].includes(name))
    .map(([name, value]) => [name, random.includes(name) ? '(random)' : value]);
  // What is below is between it and the browser.
  const isClients = told.length && !ctx.path.startsWith('/auth/');
  if (isClients) console.log(`asked ${ctx.method} ${ctx.path} ${JSON.stringify(Object.fromEntries(told.sort()))}`);
  const isMachine = oidc?.params?.grant_type === 'client_credentials' && ctx.body?.access_token;
  if (isMachine && oidc.client.clientId === 'vouched-robot') {
    const machine = { sub: 'robot', email: 'robot@foreign.example', email_verified: true };
    const token = new provider.IdToken(machine, { ctx });
    token.scope = 'openid email';
    token.set('at_hash', ctx.body.access_token);
    ctx.body = { ...ctx.body, id_token: await token.issue({ use: 'idtoken' }) };
  }
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
