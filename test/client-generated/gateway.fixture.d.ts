// The types of gateway.fixture.js, by hand: this folder is compiled with the client's rules, and the gateway with its own.
export declare const testToken: string;
export declare function startTestGateway(options: { readonly config: object }): Promise<{ readonly url: string }>;
