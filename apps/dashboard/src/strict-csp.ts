/** Imported first: zod must not try `new Function`, which the page's content security policy forbids and reports. */
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
