import {
  Button,
  Field,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Radio,
  RadioGroup,
  Subtitle1,
  tokens,
} from '@fluentui/react-components'
import { DocumentTextRegular } from '@fluentui/react-icons'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Appearance, Settings } from '../../backend/types'
import { Facts, LongValue } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction, useAsk, useLiveSettings } from '../../state'
import { live } from '../../state/live'
import { sizes } from '../../theme'
import { RuntimeSettings } from './RuntimeSettings'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: '32px', maxWidth: sizes.formWidth },
  section: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  heading: { margin: 0 },
  support: { alignSelf: 'flex-start' },
})

function Section({ heading, children }: { heading: string; children: ReactNode }) {
  const styles = useStyles()
  const id = useId()
  return (
    <section aria-labelledby={id} className={styles.section}>
      <Subtitle1 as="h2" id={id} className={styles.heading}>
        {heading}
      </Subtitle1>
      {children}
    </section>
  )
}

const appearances: Record<Appearance, true> = { system: true, light: true, dark: true }

function isAppearance(value: string): value is Appearance {
  return value in appearances
}

/** Light or dark, applied before the application has kept it; taken back when it could not. */
function AppearanceChoice({ settings }: { settings: Settings }) {
  const { t } = useTranslation('settings')
  const change = useAction('change_settings')
  const choose = (appearance: Appearance) => {
    const wanted = { ...settings, appearance }
    live.settings.set(wanted)
    change.mutate(wanted, { onError: () => live.settings.set(settings) })
  }
  return (
    <>
      <Field label={t('appearance.label')}>
        <RadioGroup
          layout="horizontal"
          value={settings.appearance}
          onChange={(_, { value }) => {
            if (isAppearance(value)) choose(value)
          }}
        >
          {(Object.keys(appearances) as Appearance[]).map((appearance) => (
            <Radio key={appearance} value={appearance} label={t(`appearance.${appearance}`)} />
          ))}
        </RadioGroup>
      </Field>
      {change.error ? <ProblemBar problem={change.error.problem} /> : null}
    </>
  )
}

function About() {
  const styles = useStyles()
  const { t } = useTranslation('settings')
  const navigate = useNavigate()
  const { data, error, refetch } = useAsk('app_info', {})
  if (error) return <ProblemBar problem={error.problem} onRetry={() => refetch()} />
  if (!data) return <SkeletonLines lines={4} />
  return (
    <>
      {data.historySetAside ? (
        <MessageBar intent="warning" layout="multiline" role="group">
          <MessageBarBody>
            {t('about.historySetAside', { path: data.historySetAside })}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <Facts
        facts={[
          { label: t('about.version'), value: data.version },
          { label: t('about.creator'), value: data.creator },
          {
            label: t('about.dataFolder'),
            value: <LongValue text={data.dataFolder} name={t('about.dataFolder')} length={64} />,
          },
          {
            label: t('about.logFolder'),
            value: <LongValue text={data.logFolder} name={t('about.logFolder')} length={64} />,
          },
          { label: t('about.supportEnded'), value: t('about.supportEndedWords') },
        ]}
      />
      <Button
        className={styles.support}
        icon={<DocumentTextRegular />}
        onClick={() => navigate(paths.support())}
      >
        {t('about.supportFile')}
      </Button>
    </>
  )
}

/** What the person chose, and facts about this installation. */
export default function SettingsPage() {
  const styles = useStyles()
  const { t } = useTranslation('settings')
  const settings = useLiveSettings()
  const { data: info } = useAsk('app_info', {})
  return (
    <Page heading={t('heading')}>
      <div className={styles.root}>
        {settings ? (
          <>
            <Section heading={t('appearance.heading')}>
              <AppearanceChoice settings={settings} />
            </Section>
            <Section heading={t('runtimes.heading')}>
              <RuntimeSettings settings={settings} info={info} />
            </Section>
          </>
        ) : (
          <SkeletonLines lines={6} height={28} />
        )}
        <Section heading={t('about.heading')}>
          <About />
        </Section>
      </div>
    </Page>
  )
}
