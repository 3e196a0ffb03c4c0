import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { BusyButton } from '../../../components/decision/BusyButton'
import { NotStarted } from '../../../components/decision/Held'
import { ProblemBar } from '../../../components/ProblemBar'
import { useFieldStyles } from '../../../components/settings/fieldStyles'
import { idOf } from '../fields'
import type { WizardForm } from '../form'
import { ComputeField, NoCompute } from '../NameStep'
import { useWizardStyles } from '../wizardStyles'
import { ContainerList } from './ContainerList'
import type { Adoption } from './useAdoption'

const useStyles = makeStyles({
  bar: { paddingBlock: tokens.spacingVerticalS },
})

const noProblems = new Map<string, string>()

/** The one step of adopting: where, which container, and what it means. */
export function AdoptStep({ form, adoption }: { form: WizardForm; adoption: Adoption }) {
  const shared = useFieldStyles()
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  return (
    <div className={shared.fields}>
      <NoCompute />
      <ComputeField form={form} problems={noProblems} />
      <MessageBar intent="info" layout="multiline" role="group" className={styles.bar}>
        <MessageBarBody>
          <MessageBarTitle>{t('means.title')}</MessageBarTitle> {t('means.body')}
        </MessageBarBody>
      </MessageBar>
      <ContainerList adoption={adoption} />
    </div>
  )
}

/** *Adopt*, and why it did not go on. */
export function AdoptButtons({ adoption, onCancel }: { adoption: Adoption; onCancel: () => void }) {
  const styles = useWizardStyles()
  const { t } = useTranslation(['adopt', 'wizard'])
  const { refused, adopt, busy, asked, chosen, containers } = adoption
  const nothing = containers?.every(({ verdict }) => verdict.kind !== 'usable') ?? true
  return (
    <>
      {refused ? <ProblemBar problem={refused} onRetry={adopt} /> : null}
      {asked && !chosen ? (
        <NotStarted>{t(nothing ? 'nothingToChoose' : 'chooseFirst')}</NotStarted>
      ) : null}
      <div className={styles.buttons}>
        <BusyButton type="submit" id={idOf('forward')} busy={busy}>
          {t('adopt')}
        </BusyButton>
        {busy ? <span role="status">{t('adopting')}</span> : null}
        <Button appearance="subtle" className={styles.last} onClick={onCancel}>
          {t('wizard:cancel')}
        </Button>
      </div>
    </>
  )
}
