import { FolderOpen20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { PathForm } from '../../components/PathForm'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

/** Opens a flow. */
export function OpenForm() {
  const { t } = useTranslation('flows')
  const navigate = useNavigate()
  const open = useAction('open_flow')
  const problem = open.error?.problem ?? null
  const ofField = problem?.field === 'path' ? problem : null
  const start = (path: string) =>
    open.mutate({ path }, { onSuccess: ({ flow }) => navigate(paths.flow(flow)) })
  return (
    <PathForm
      id="flow-path"
      label={t('path')}
      hint={t('pathHint')}
      action={t('open')}
      icon={<FolderOpen20Regular />}
      choice={{ kind: 'folder', title: t('path') }}
      message={ofField ? [ofField.sentence, ...ofField.hints].join(' ') : null}
      missing={t('pathMissing')}
      busy={open.isPending}
      onTyped={() => {
        if (open.error) open.reset()
      }}
      onOpen={start}
    >
      {problem && !ofField ? (
        <ProblemBar
          problem={problem}
          title={t('notOpened')}
          onRetry={() => start(open.variables?.path ?? '')}
        />
      ) : null}
    </PathForm>
  )
}
