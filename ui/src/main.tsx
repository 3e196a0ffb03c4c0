// biome-ignore assist/source/organizeImports: the first answers are asked for before the rest is evaluated.
import { client, connected } from './state/begin'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { makeRouter } from './app/router'

/** How long the first drawing waits for the first answers, in milliseconds. */
const PATIENCE = 150

async function show(): Promise<void> {
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no element with the id root')
  // The window is drawn once, with what there is, unless the first answers take long.
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE))
  await Promise.race([connected, patience])
  createRoot(root).render(<App router={makeRouter()} client={client} />)
}

show()
