import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { makeRouter } from './app/router'
import { connect } from './state/connect'
import { makeQueryClient } from './state/queries'

/** How long the first drawing waits for the first answers, in milliseconds. */
const PATIENCE = 150

async function begin(): Promise<void> {
  if (import.meta.env.MODE === 'gallery') {
    // Pretends to be the application; not part of a production build.
    const { installGallery } = await import('./testing/gallery')
    installGallery()
  }
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no element with the id root')
  const client = makeQueryClient()
  // The window is drawn once, with what there is, unless the first answers take long.
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE))
  await Promise.race([connect(client), patience])
  createRoot(root).render(<App router={makeRouter()} client={client} />)
}

begin()
