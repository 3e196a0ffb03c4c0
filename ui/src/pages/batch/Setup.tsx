import { makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { BatchDetail } from '../../backend/types'
import { Card } from '../../components/Card'
import { type Fact, Facts, LongValue } from '../../components/Facts'
import { GoLink } from '../../components/GoLink'
import { Moment } from '../../components/Moment'
import { formatBytes, formatCount } from '../../format'

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
})

/** What a batch run was begun with. */
export function Setup({ detail }: { detail: BatchDetail }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { batch, draft, otherName, takenBy } = detail
  const { flow, flowName, file, format, mapping, variants, settings, other, bytes, started } = batch
  const pairs = (of: Readonly<Record<string, string | undefined>>) => (
    <ul className={styles.list}>
      {Object.entries(of).map(([name, value]) => (
        <li key={name}>
          {name} <span className={styles.mono}>{value}</span>
        </li>
      ))}
    </ul>
  )
  const facts: Fact[] = [
    { label: t('setup.flow'), value: <GoLink to={paths.flow(flow)}>{flowName}</GoLink> },
    {
      label: t('setup.file'),
      value: (
        <>
          <LongValue text={file} name={t('setup.fileName')} length={48} /> {t(`format.${format}`)}
        </>
      ),
    },
    ...(other === null
      ? []
      : [
          {
            label: t('setup.other'),
            value:
              otherName === null ? (
                t('setup.otherGone')
              ) : (
                <GoLink to={paths.batch(other)}>{otherName}</GoLink>
              ),
          },
        ]),
    ...(Object.keys(mapping).length > 0
      ? [{ label: t('setup.mapping'), value: pairs(mapping) }]
      : []),
    ...(Object.keys(variants).length > 0
      ? [{ label: t('setup.variants'), value: pairs(variants) }]
      : []),
    ...(draft && Object.keys(draft.init).length > 0
      ? [{ label: t('setup.init'), value: pairs(draft.init) }]
      : []),
    ...(draft && draft.connections.length > 0
      ? [
          {
            label: t('setup.connections'),
            value: pairs(
              Object.fromEntries(
                draft.connections.map(({ node, input, connection }) => [
                  input === 'connection' ? node : `${node}.${input}`,
                  connection,
                ]),
              ),
            ),
          },
        ]
      : []),
    { label: t('setup.workers'), value: formatCount(settings.workers) },
    { label: t('setup.retries'), value: formatCount(settings.retries) },
    {
      label: t('setup.stopAfter'),
      value: settings.stopAfter === null ? t('setup.never') : formatCount(settings.stopAfter),
    },
    {
      label: t('setup.rowLimit'),
      value:
        settings.rowLimit === null
          ? t('setup.ownLimit')
          : t('setup.seconds', { count: settings.rowLimit }),
    },
    { label: t('setup.started'), value: <Moment time={started} /> },
    { label: t('setup.bytes'), value: formatBytes(bytes) },
    ...(takenBy.length > 0
      ? [
          {
            label: t('setup.takenBy'),
            value: (
              <ul className={styles.list}>
                {takenBy.map(({ id, name }) => (
                  <li key={id}>
                    <GoLink to={paths.batch(id)}>{name}</GoLink>
                  </li>
                ))}
              </ul>
            ),
          },
        ]
      : []),
  ]
  return (
    <Card heading={t('setup.heading')}>
      <Facts facts={facts} />
    </Card>
  )
}
