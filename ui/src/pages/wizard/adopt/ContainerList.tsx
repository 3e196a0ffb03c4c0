import {
  Button,
  Field,
  makeStyles,
  Radio,
  RadioGroup,
  Subtitle2,
  Text,
  tokens,
} from '@fluentui/react-components'
import { ArrowSyncRegular, BoxMultipleRegular } from '@fluentui/react-icons'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { ForeignContainer } from '../../../backend/types'
import { Looking } from '../../../components/decision/Held'
import { EmptyState } from '../../../components/EmptyState'
import { SkeletonLines } from '../../../components/Late'
import { ProblemBar } from '../../../components/ProblemBar'
import { wizardDraft } from '../draft'
import { idOf } from '../fields'
import { ContainerFacts } from './ContainerFacts'
import type { Adoption } from './useAdoption'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    minWidth: 0,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalS,
  },
  heading: { margin: 0, overflowWrap: 'anywhere' },
  radio: { maxWidth: '100%' },
  label: { minWidth: 0 },
  group: { minWidth: 0 },
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
})

function Usable({
  containers,
  chosen,
  asked,
}: {
  containers: ForeignContainer[]
  chosen: string
  asked: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  const id = useId()
  return (
    <Field
      label={t('list.usable')}
      className={styles.group}
      {...(asked && chosen === '' ? { validationMessage: t('chooseFirst') } : {})}
    >
      <RadioGroup
        value={chosen}
        onChange={(_, { value }) => wizardDraft.chooseContainer(value)}
        className={styles.group}
      >
        {containers.map((container, at) => (
          <Radio
            key={container.id}
            value={container.id}
            className={styles.radio}
            {...(at === 0 ? { id: idOf('container') } : {})}
            aria-label={container.name}
            aria-describedby={`${id}-${at}`}
            label={{
              className: styles.label,
              children: <ContainerFacts container={container} id={`${id}-${at}`} />,
            }}
          />
        ))}
      </RadioGroup>
    </Field>
  )
}

function Others({ containers }: { containers: ForeignContainer[] }) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  const heading = useId()
  return (
    <>
      <Text id={heading} weight="semibold">
        {t('list.others')}
      </Text>
      <ul className={styles.list} aria-labelledby={heading}>
        {containers.map((container) => (
          <li key={container.id}>
            <ContainerFacts container={container} id={`${heading}-${container.id}`} />
          </li>
        ))}
      </ul>
    </>
  )
}

/** Containers that somebody else made on the compute; those that can be used can be chosen. */
export function ContainerList({ adoption }: { adoption: Adoption }) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  const { compute, containers, loading, problem, asked, chosen } = adoption
  if (!compute) return <Text>{t('list.noCompute')}</Text>
  const usable = containers?.filter(({ verdict }) => verdict.kind === 'usable') ?? []
  const others = containers?.filter(({ verdict }) => verdict.kind !== 'usable') ?? []
  return (
    <div className={styles.root}>
      <div className={styles.head}>
        <Subtitle2 as="h3" className={styles.heading}>
          {t('list.heading', { compute: compute.name })}
        </Subtitle2>
        <Button icon={<ArrowSyncRegular />} onClick={adoption.refresh}>
          {t('list.refresh')}
        </Button>
      </div>
      {loading && containers ? <Looking>{t('list.looking')}</Looking> : null}
      {problem ? <ProblemBar problem={problem} onRetry={adoption.refresh} /> : null}
      {!containers && !problem ? <SkeletonLines lines={6} height={28} /> : null}
      {containers?.length === 0 ? (
        <EmptyState icon={<BoxMultipleRegular />} title={t('list.empty')}>
          {t('list.emptyBody', { compute: compute.name })}
        </EmptyState>
      ) : null}
      {usable.length > 0 ? (
        <Usable containers={usable} chosen={chosen?.id ?? ''} asked={asked} />
      ) : others.length > 0 ? (
        <Text>{t('list.noneUsable')}</Text>
      ) : null}
      {others.length > 0 ? <Others containers={others} /> : null}
    </div>
  )
}
