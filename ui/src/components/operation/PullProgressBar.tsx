import { Button, makeStyles, ProgressBar, Text, tokens } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LayerProgress, LayerState, PullProgress } from '../../backend/types'
import { formatBytes, formatDuration, formatRate, shortDigest } from '../../format'
import { pullBar, type ShownState } from './progress'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    marginTop: tokens.spacingVerticalXS,
  },
  words: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
  },
  percent: { fontWeight: tokens.fontWeightSemibold, color: tokens.colorNeutralForeground1 },
  fold: { alignSelf: 'flex-start', marginInlineStart: `-${tokens.spacingHorizontalS}` },
  layers: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(64px, 1fr) max-content',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXXS,
    maxHeight: '240px',
    overflow: 'auto',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: 'tabular-nums',
  },
  layer: { display: 'contents' },
  id: { fontFamily: tokens.fontFamilyMonospace },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** Layers of which all bytes are there. */
const isThere: Record<LayerState, boolean> = {
  waiting: false,
  downloading: false,
  unpacking: false,
  done: true,
  present: true,
  retrying: false,
}

function Layer({ layer }: { layer: LayerProgress }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  const state = t(`layer.${layer.state}`)
  const share = isThere[layer.state] ? 1 : layer.total > 0 ? layer.current / layer.total : 0
  const amount = layer.total > 0 && layer.state === 'downloading'
  return (
    <li className={styles.layer}>
      <span className={styles.id}>{shortDigest(layer.id)}</span>
      <ProgressBar
        value={share}
        color={layer.state === 'retrying' ? 'warning' : 'brand'}
        aria-label={`${shortDigest(layer.id)}: ${state}`}
      />
      <span className={styles.quiet}>
        {amount
          ? t('pull.of', {
              current: formatBytes(layer.current),
              total: formatBytes(layer.total),
            })
          : state}
      </span>
    </li>
  )
}

/** A pull as one bar that opens into its layers. */
export function PullProgressBar({ pull, state }: { pull: PullProgress; state: ShownState }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  const [open, setOpen] = useState(false)
  const id = useId()
  const { percent, rate, secondsLeft } = pullBar(pull, state)
  const moving = state === 'running'
  const broken = state === 'failed' || state === 'stopped'
  const done = pull.layers.filter((layer) => isThere[layer.state]).length
  return (
    <div className={styles.root}>
      <ProgressBar
        aria-label={t('pull.label')}
        thickness="large"
        color={state === 'failed' ? 'error' : state === 'done' ? 'success' : 'brand'}
        {...(percent !== null ? { value: percent / 100 } : moving ? {} : { value: 0 })}
      />
      <div className={styles.words}>
        {percent !== null ? (
          <Text className={styles.percent}>{t('pull.percent', { percent })}</Text>
        ) : null}
        <Text>
          {pull.total > 0
            ? t('pull.of', {
                current: formatBytes(state === 'done' ? pull.total : pull.current),
                total: formatBytes(pull.total),
              })
            : pull.current > 0
              ? t('pull.soFar', { current: formatBytes(pull.current) })
              : moving || broken
                ? t('pull.sizeNotTold')
                : null}
        </Text>
        {rate !== null ? <Text>{formatRate(rate)}</Text> : null}
        {secondsLeft !== null ? (
          <Text>{t('pull.left', { time: formatDuration(secondsLeft * 1000) })}</Text>
        ) : null}
      </div>
      {pull.layers.length > 0 ? (
        <>
          <Button
            size="small"
            appearance="transparent"
            className={styles.fold}
            icon={open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            {t('pull.layersDone', { done, count: pull.layers.length })}
          </Button>
          <div id={id} hidden={!open}>
            {open ? (
              <ul className={styles.layers} aria-label={t('pull.showLayers')}>
                {pull.layers.map((layer) => (
                  <Layer key={layer.id} layer={layer} />
                ))}
              </ul>
            ) : null}
          </div>
        </>
      ) : null}
    </div>
  )
}
