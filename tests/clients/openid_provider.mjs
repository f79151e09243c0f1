/* An OpenID provider for the tests, in Google's and Microsoft's place: oidc-provider, on a free port of 127.0.0.1.

   Its one argument is JSON: {redirects: [...], code_seconds, token_seconds}. When it listens it writes
   {"event": "listening", "issuer": "http://127.0.0.1:..."} to stdout. Whoever comes is logged in as `login_hint`, or as
   jane, and grants everything; with the login_hint "nobody" they refuse. It dies with its stdin. */

import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const given = JSON.parse(process.argv[2] ?? '{}');
const server = createServer();
await new Promise((done) => server.listen(given.port ?? 0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = (id) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  redirect_uris: given.redirects,
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'],
});

const provider = new Provider(issuer, {
  clients: [client('google-client'), client('outlook-client')],
  scopes: ['openid', 'offline_access', 'https://www.googleapis.com/auth/calendar', 'Calendars.ReadWrite'],
  claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@gmail.example` }) }),
  // Google needs no offline_access; a refresh token works once, as at the strictest of providers.
  issueRefreshToken: async (_, asking) => asking.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['tests'] },
  ttl: {
    AuthorizationCode: () => given.code_seconds ?? 60,
    AccessToken: () => given.token_seconds ?? 3600,
    RefreshToken: 86400, IdToken: 3600, Grant: 86400, Interaction: 600, Session: 86400,
  },
});

const interact = async (request, response) => {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (params.login_hint === 'nobody') {
    const refusal = { error: 'access_denied', error_description: 'They said no' };
    return provider.interactionFinished(request, response, refusal);
  }
  if (prompt.name === 'login') {
    const login = { login: { accountId: params.login_hint ?? 'jane' } };
    return provider.interactionFinished(request, response, login);
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, consent, { mergeWithLastSubmission: true });
};

const callback = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) return callback(request, response);
  return interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
process.stdin.on('end', () => process.exit()).resume();
console.log(JSON.stringify({ event: 'listening', issuer }));
