import { useTranslation } from 'react-i18next'
import { cutMiddle } from '../../../format'
import { SummaryCard } from '../Summary'
import type { Adoption } from './useAdoption'

/** The container that becomes a runtime, in a few lines. */
export function AdoptSummary({ adoption }: { adoption: Adoption }) {
  const { t } = useTranslation(['adopt', 'wizard'])
  const { chosen, compute } = adoption
  const verdict = chosen?.verdict.kind === 'usable' ? chosen.verdict : null
  return (
    <SummaryCard
      title={chosen?.name ?? t('summary.none')}
      words={[
        compute ? t('wizard:summary.on', { compute: compute.name }) : null,
        chosen ? cutMiddle(chosen.image, 64) : null,
        verdict?.endpoint ?? null,
        chosen ? t('summary.stays') : null,
      ]}
    />
  )
}
