import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { BasePreview, BuildPreview, LineChange } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { ProblemBar } from '../../components/ProblemBar'
import { formatBytes, shortDigest } from '../../format'

const useStyles = makeStyles({
  base: { display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
  },
  scroller: { overflowX: 'auto', maxHeight: '200px', overflowY: 'auto' },
  table: {
    borderCollapse: 'collapse',
    width: '100%',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    userSelect: 'text',
  },
  heading: {
    textAlign: 'start',
    fontFamily: tokens.fontFamilyBase,
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
    padding: '2px 8px',
  },
  cell: {
    textAlign: 'start',
    verticalAlign: 'top',
    padding: '2px 8px',
    fontWeight: tokens.fontWeightRegular,
    overflowWrap: 'anywhere',
  },
  removed: { color: tokens.colorStatusDangerForeground1 },
  added: { color: tokens.colorStatusSuccessForeground1 },
})

/** Which image a base is now, and which one the newest version was built on. */
function useBaseWords(): (base: BasePreview) => string {
  const { t } = useTranslation('environmentDetail')
  return ({ digest, usedDigest }) => {
    if (digest === '') return t('buildDialog.baseUnknown')
    const now = shortDigest(digest)
    if (usedDigest === null) return t('buildDialog.baseNew', { digest: now })
    return usedDigest === digest
      ? t('buildDialog.baseSame', { digest: now })
      : t('buildDialog.baseOther', { used: shortDigest(usedDigest), digest: now })
  }
}

function Bases({ bases }: { bases: BasePreview[] }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const words = useBaseWords()
  if (bases.length === 0) return null
  return (
    <Block heading={t('buildDialog.bases')}>
      {bases.map((base) => (
        <div key={base.reference} className={styles.base}>
          <Text weight="semibold">{base.reference}</Text>
          {base.problem ? (
            <ProblemBar problem={base.problem} />
          ) : (
            <div className={styles.facts}>
              <Text>{words(base)}</Text>
              {base.downloadSize === null ? null : (
                <Text>
                  {base.downloadSize === 0
                    ? t('buildDialog.nothingToDownload')
                    : t('buildDialog.download', { size: formatBytes(base.downloadSize) })}
                </Text>
              )}
            </div>
          )}
        </div>
      ))}
    </Block>
  )
}

/** Lines that would change, each as it is and as it would be. */
function Changes({ changes }: { changes: LineChange[] }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  if (changes.length === 0) return null
  return (
    <Block heading={t('buildDialog.changes')}>
      <div className={styles.scroller}>
        <table className={styles.table} aria-label={t('buildDialog.changedLines')}>
          <thead>
            <tr>
              {(['line', 'before', 'after'] as const).map((column) => (
                <th key={column} scope="col" className={styles.heading}>
                  {t(`buildDialog.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {changes.map(({ line, from, to }) => (
              <tr key={line}>
                <th scope="row" className={styles.cell}>
                  {line}
                </th>
                <td className={styles.cell}>
                  <del className={styles.removed}>{from}</del>
                </td>
                <td className={styles.cell}>
                  <ins className={styles.added}>{to}</ins>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Block>
  )
}

/** What a build would do, before anything happens. */
export function PreviewBlocks({ preview }: { preview: BuildPreview }) {
  const { t } = useTranslation('environmentDetail')
  const { number, bases, changes, context, freeDisk, problems, warnings } = preview
  return (
    <>
      {problems.map((problem) => (
        <ProblemBar key={problem.sentence} problem={problem} />
      ))}
      <Block heading={t('buildDialog.makes', { number })}>
        <Text>{t('buildDialog.makesBody')}</Text>
      </Block>
      <Bases bases={bases} />
      <Changes changes={changes} />
      {context || freeDisk !== null ? (
        <Block heading={t('buildDialog.context')}>
          <Sentences
            sentences={[
              context
                ? t('buildDialog.contextSize', {
                    count: context.files,
                    size: formatBytes(context.bytes),
                  })
                : null,
              context && context.ignored > 0
                ? t('buildDialog.ignored', { count: context.ignored })
                : null,
              freeDisk === null ? null : t('buildDialog.free', { size: formatBytes(freeDisk) }),
            ]}
          />
        </Block>
      ) : null}
      {warnings.length > 0 ? (
        <Block heading={t('buildDialog.warnings')}>
          <Sentences sentences={warnings} />
        </Block>
      ) : null}
    </>
  )
}
