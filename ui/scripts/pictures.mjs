// Takes pictures of gallery pages: node scripts/pictures.mjs OUT [name=query#address …]
// Needs `npm run gallery` in another terminal.
import { mkdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const base = 'http://127.0.0.1:1421/'
const [out = 'pictures', ...wanted] = process.argv.slice(2)

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
await mkdir(out, { recursive: true })
for (const line of wanted) {
  const [name, address] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
  const width = name.includes('narrow') ? 800 : 1280
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  page.on('pageerror', (error) => console.error(`${name}: ${error}`))
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`${name}: ${message.text()}`)
  })
  await page.goto(base + address, { waitUntil: 'networkidle' })
  await page.waitForTimeout(2500)
  await page.screenshot({ path: `${out}/${name}.png` })
  await page.close()
}
await browser.close()
