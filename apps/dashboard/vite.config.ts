import { defineConfig } from 'vite'

/** `npm run dev` shows the sources against the coordinator on this machine, and reloads what changes. */
const coordinator = 'http://127.0.0.1:8080'

export default defineConfig(({ command }) => {
  // The same page whoever builds it: under a test runner NODE_ENV would choose React's development build.
  if (command === 'build') process.env.NODE_ENV = 'production'
  return {
    esbuild: { jsx: 'automatic' },
    // Beside what the compiler writes: building the page empties its own folder only.
    build: { outDir: 'dist/page', emptyOutDir: true, target: 'es2023', cssTarget: 'chrome123', assetsInlineLimit: 0 },
    server: { proxy: { '/api': coordinator, '/socket.io': { target: coordinator, ws: true } } },
  }
})
