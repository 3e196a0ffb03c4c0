import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { makeRouter } from './app/router'
import { makeQueryClient } from './state/queries'

async function begin(): Promise<void> {
  if (import.meta.env.MODE === 'gallery') {
    // Pretends to be the application; not part of a production build.
    const { installGallery } = await import('./testing/gallery')
    installGallery()
  }
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no element with the id root')
  createRoot(root).render(<App router={makeRouter()} client={makeQueryClient()} />)
}

begin()
