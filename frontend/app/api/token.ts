/** A bearer token: an API key or an ID token. Called before every request. */
export type GetToken = () => string | Promise<string>;
