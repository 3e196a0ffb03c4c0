// Takes pictures of gallery pages: node scripts/pictures.mjs OUT 'name=?scene=…#/address > Update > Next' …
// What stands behind a ">" is the name of a button, tab, link, menu entry, row or choice, and is pressed before the
// picture is taken. A page that can be scrolled sideways is told, too.
// Builds the gallery for itself, and says what axe finds on each page, colours included. Names with "narrow" get a narrow window, those
// with "slim" the narrowest; "tall" shows what is below. What the window does to the prototypes of objects is done here, too.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import { build, preview } from 'vite'

const [out = 'pictures', ...wanted] = process.argv.slice(2)

const outDir = await mkdtemp(join(tmpdir(), 'gallery-'))
const options = { mode: 'gallery', logLevel: 'error', build: { outDir } }
await build(options)
const server = await preview({ ...options, preview: { host: '127.0.0.1', port: 0 } })
const base = server.resolvedUrls.local[0]

/** A changed network interface makes Chromium drop requests: the page is asked for again then. */
async function open(page, address) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await page.goto(base + address)
      await page.waitForSelector('main', { timeout: 5000 })
      await page.waitForTimeout(2500)
      return
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}

/** Presses what bears this name: in the dialog where one is open. */
async function press(page, name) {
  const dialog = page.getByRole('dialog')
  const place = (await dialog.count()) > 0 ? dialog.last() : page.locator('body')
  let found = null
  for (const role of [
    'menuitem',
    'option',
    'button',
    'tab',
    'radio',
    'checkbox',
    'combobox',
    'link',
    'row',
  ]) {
    // What a menu or a list opens stands beside the dialog, not in it.
    const within = role === 'menuitem' || role === 'option' ? page : place
    const one = within.getByRole(role, { name, exact: role !== 'row' }).first()
    if ((await one.count()) > 0) {
      found = one
      break
    }
  }
  if (!found) throw new Error(`nothing is named ${name}`)
  await found.click({ timeout: 5000 })
  await page.waitForTimeout(900)
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
await mkdir(out, { recursive: true })
for (const line of wanted) {
  const split = line.indexOf('=')
  const name = line.slice(0, split)
  const [address, ...pressed] = line.slice(split + 1).split(' > ')
  const width = name.includes('slim') ? 640 : name.includes('narrow') ? 820 : 1280
  const page = await browser.newPage({
    viewport: { width, height: name.includes('tall') ? 1800 : 800 },
  })
  await page.addInitScript(() => Object.freeze(Object.prototype))
  page.on('pageerror', (error) => console.error(`${name}: ${String(error).split('\n')[0]}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('NETWORK_CHANGED')) {
      console.error(`${name}: ${message.text().split('\n')[0]}`)
    }
  })
  try {
    await open(page, address)
    for (const one of pressed) await press(page, one)
  } catch (error) {
    console.error(`${name}: did not open: ${String(error).split('\n')[0]}`)
    process.exitCode = 1
    await page.close()
    continue
  }
  await page.screenshot({ path: `${out}/${name}.png` })
  const sideways = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main, main > *, [role=dialog]')].some(
      (one) =>
        one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible',
    ),
  )
  if (sideways) console.error(`${name}: scrolls sideways`)
  await page.evaluate(axe.source)
  // Fluent's own marks of where the tab order begins and ends are no content.
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ include: ['body'], exclude: ['[data-tabster-dummy]'] }),
  )
  for (const { id, nodes } of violations) {
    for (const { target, html, any } of nodes.slice(0, 3)) {
      const why = any[0]?.message ?? ''
      console.error(`${name}: axe ${id}: ${target.join(' ')} ${html.slice(0, 160)} ${why}`)
    }
  }
  await page.close()
}
await browser.close()
await server.close()
await rm(outDir, { recursive: true })
