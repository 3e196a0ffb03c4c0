import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { frozenPrototype } from './scripts/frozenPrototype.ts'

export default defineConfig({
  plugins: [react(), frozenPrototype()],
  // What is made ready for development does not go through the plugins above.
  optimizeDeps: { rolldownOptions: { plugins: [frozenPrototype()] } },
  clearScreen: false,
  server: { host: '127.0.0.1', watch: { ignored: ['**/dist/**'] } },
  build: {
    // WebKitGTK of the oldest supported systems.
    target: 'safari16',
    outDir: 'dist',
    emptyOutDir: true,
    // Fluent alone is larger than the default limit; pages are chunks of their own.
    chunkSizeWarningLimit: 900,
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
  },
})
