import { Button, Card, makeStyles, Subtitle2, Text, tokens } from '@fluentui/react-components'
import { StorageRegular } from '@fluentui/react-icons'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { ComputeView } from '../../backend/types'
import { type Fact, Facts, LongValue } from '../../components/Facts'
import { ToneMark } from '../../components/StatusBadge'
import { formatBytes } from '../../format'
import { WhyBar } from './WhyBar'
import { shownState, toneOfCompute, useOriginWords, whyOf } from './words'

const useStyles = makeStyles({
  card: { boxShadow: 'none' },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
  },
  heading: { margin: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground3 },
  disk: { marginInlineStart: 'auto' },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(300px, 1fr))',
    columnGap: '32px',
    rowGap: tokens.spacingVerticalXS,
    alignItems: 'start',
  },
})

function useFacts(compute: ComputeView): { engine: Fact[]; machine: Fact[] } {
  const { t } = useTranslation('computes')
  const { facts, freeDisk, runtimes, address } = compute
  const place = address.kind === 'socket' ? address.path : address.url
  const where: Fact = {
    label: t('fact.address'),
    value: <LongValue text={place} name={t('fact.address')} length={36} />,
  }
  if (!facts) return { engine: [where], machine: [] }
  return {
    engine: [
      {
        label: t('fact.engine'),
        value: t('engine', { engine: facts.engine, version: facts.version }),
      },
      { label: t('fact.api'), value: facts.apiVersion },
      {
        label: t('fact.architecture'),
        value: t('architecture', {
          system: facts.operatingSystem,
          architecture: facts.architecture,
        }),
      },
      where,
    ],
    machine: [
      { label: t('fact.cpus'), value: facts.cpus },
      { label: t('fact.memory'), value: formatBytes(facts.memory) },
      { label: t('fact.freeDisk'), value: freeDisk === null ? null : formatBytes(freeDisk) },
      { label: t('fact.runtimes'), value: runtimes },
    ],
  }
}

/** One compute: whether it can be used, what it is, and what to do when it cannot. */
export function ComputeCard({ compute }: { compute: ComputeView }) {
  const styles = useStyles()
  const { t } = useTranslation('computes')
  const origin = useOriginWords()
  const navigate = useNavigate()
  const heading = useId()
  const { engine, machine } = useFacts(compute)
  const why = whyOf(compute)
  const state = shownState(compute)
  return (
    <Card
      appearance="outline"
      className={styles.card}
      role="group"
      aria-labelledby={heading}
      focusMode="off"
    >
      <div className={styles.head}>
        <Subtitle2 as="h2" id={heading} className={styles.heading}>
          {compute.name}
        </Subtitle2>
        <ToneMark tone={toneOfCompute[state]}>{t(`state.${state}`)}</ToneMark>
        <Text className={styles.quiet}>{origin(compute.origin)}</Text>
        {compute.state.kind === 'connected' ? (
          <Button
            size="small"
            className={styles.disk}
            icon={<StorageRegular />}
            aria-label={t('diskNamed', { name: compute.name })}
            onClick={() => navigate(paths.disk(compute.id))}
          >
            {t('disk')}
          </Button>
        ) : null}
      </div>
      {why ? <WhyBar compute={compute} why={why} /> : null}
      {why && compute.facts ? <Text className={styles.quiet}>{t('lastKnown')}</Text> : null}
      <div className={styles.facts}>
        <Facts facts={engine} />
        {machine.length > 0 ? <Facts facts={machine} /> : null}
      </div>
      {compute.startedHere ? <Text className={styles.quiet}>{t('startedHere')}</Text> : null}
    </Card>
  )
}
