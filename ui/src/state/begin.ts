import { connect } from './connect'
import { makeQueryClient } from './queries'

async function begin(): Promise<void> {
  if (import.meta.env.MODE === 'gallery') {
    // Pretends to be the application; not part of a production build.
    const { installGallery } = await import('../testing/gallery')
    installGallery()
  }
  await connect(client)
}

/** The window's answers. */
export const client = makeQueryClient()

/** The first answers. They are asked for while this is imported, so that they are on their way before the
 * rest of the pages is there. */
export const connected = begin()
