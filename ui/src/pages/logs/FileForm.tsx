import { DocumentText20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { PathForm } from '../../components/PathForm'

/** Opens a log; `file` is the one that is open. */
export function FileForm({ file }: { file: string | null }) {
  const { t } = useTranslation('logs')
  const navigate = useNavigate()
  return (
    <PathForm
      id="log-path"
      begin={file ?? ''}
      label={t('path')}
      hint={file === null ? t('pathHint') : null}
      action={t('open')}
      icon={<DocumentText20Regular />}
      choice={{
        kind: 'file',
        title: t('path'),
        name: t('heading'),
        endings: ['log', 'txt', 'out'],
      }}
      missing={t('pathMissing')}
      onOpen={(path) => navigate(paths.logFile(path), { replace: file !== null })}
    />
  )
}
