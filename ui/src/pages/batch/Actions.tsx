import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components'
import {
  ArrowClockwise20Regular,
  ArrowDownload20Regular,
  ArrowRepeatAllRegular,
  BeakerRegular,
  MoreHorizontal20Regular,
  Pause20Regular,
  Play20Regular,
  Stop20Regular,
} from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { type CommandName, problemOf, showInFolder } from '../../backend'
import type { BatchDetail, BatchExport } from '../../backend/types'
import { DeleteBatches } from '../../components/batch/DeleteBatches'
import { canCancel, canPause, canResume, isOver } from '../../components/batch/states'
import { BusyButton } from '../../components/decision/BusyButton'
import { useNotify } from '../../components/notify'
import { useAction } from '../../state'
import { CompareDialog } from './CompareDialog'
import { EditDialog } from './EditDialog'
import { EvaluateDialog } from './EvaluateDialog'

type Asked = 'edit' | 'evaluate' | 'compare' | 'delete'

const FORMS: readonly BatchExport[] = ['jsonLines', 'csv', 'pfRun']

/** Commands that take nothing but the batch run. */
type Simple = Extract<
  CommandName,
  'pause_batch' | 'resume_batch' | 'cancel_batch' | 'rerun_failed_rows'
>

/** One of the buttons that only need to be pressed. */
function ActButton({
  batch,
  command,
  label,
  icon,
  primary = false,
}: {
  batch: string
  command: Simple
  label: string
  icon: React.ReactElement
  primary?: boolean
}) {
  const { t } = useTranslation('batch')
  const notify = useNotify()
  const act = useAction(command)
  return (
    <BusyButton
      appearance={primary ? 'primary' : 'secondary'}
      busy={act.isPending}
      disabledFocusable={act.isPending}
      {...(act.isPending ? {} : { icon })}
      onClick={() =>
        act.mutate(
          { batch },
          {
            onError: ({ problem }) =>
              notify.problem(
                problem,
                command === 'rerun_failed_rows' || command === 'resume_batch'
                  ? t('rerun.failed')
                  : undefined,
              ),
          },
        )
      }
    >
      {label}
    </BusyButton>
  )
}

/** Writes the results into the downloads folder, in one of three forms. */
function ExportMenu({ batch }: { batch: string }) {
  const { t } = useTranslation('batch')
  const notify = useNotify()
  const write = useAction('export_batch')
  const start = (form: BatchExport) =>
    write.mutate(
      { batch, form },
      {
        onError: ({ problem }) => notify.problem(problem, t('notExported')),
        onSuccess: ({ path }) =>
          notify.show({
            intent: 'success',
            title: t('exported'),
            body: path,
            action: {
              label: t('showInFolder'),
              run: () => void showInFolder(path).catch((error) => notify.problem(problemOf(error))),
            },
          }),
      },
    )
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton icon={<ArrowDownload20Regular />} disabledFocusable={write.isPending}>
          {t('action.export')}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {FORMS.map((form) => (
            <MenuItem key={form} onClick={() => start(form)}>
              {t(`action.${form}`)}
            </MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}

/** What can be done with a batch run as it stands. */
export function Actions({ detail }: { detail: BatchDetail }) {
  const { t } = useTranslation('batch')
  const navigate = useNavigate()
  const [asked, setAsked] = useState<Asked | null>(null)
  const { batch, takenBy } = detail
  const { id, flow, failed, completed } = batch
  const close = () => setAsked(null)
  const resumes = canResume(batch)
  return (
    <>
      {canPause(batch) ? (
        <ActButton
          batch={id}
          command="pause_batch"
          label={t('action.pause')}
          icon={<Pause20Regular />}
        />
      ) : null}
      {resumes ? (
        <ActButton
          primary
          batch={id}
          command="resume_batch"
          label={t('action.resume')}
          icon={<Play20Regular />}
        />
      ) : null}
      {canCancel(batch) ? (
        <ActButton
          batch={id}
          command="cancel_batch"
          label={t('action.cancel')}
          icon={<Stop20Regular />}
        />
      ) : null}
      {isOver(batch) && failed > 0 ? (
        <ActButton
          primary={!resumes}
          batch={id}
          command="rerun_failed_rows"
          label={t('action.rerunFailed')}
          icon={<ArrowClockwise20Regular />}
        />
      ) : null}
      {isOver(batch) && completed > 0 ? (
        <Button icon={<BeakerRegular />} onClick={() => setAsked('evaluate')}>
          {t('action.evaluate')}
        </Button>
      ) : null}
      {isOver(batch) ? (
        <Button
          icon={<ArrowRepeatAllRegular />}
          onClick={() => navigate(paths.newBatch(flow, { from: id }))}
        >
          {t('action.runAgain')}
        </Button>
      ) : null}
      {completed + failed > 0 ? <ExportMenu batch={id} /> : null}
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Tooltip content={t('action.more')} relationship="label">
            <MenuButton appearance="subtle" menuIcon={null} icon={<MoreHorizontal20Regular />} />
          </Tooltip>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {isOver(batch) ? null : (
              <MenuItem onClick={() => navigate(paths.newBatch(flow, { from: id }))}>
                {t('action.runAgain')}
              </MenuItem>
            )}
            <MenuItem onClick={() => setAsked('compare')}>{t('action.compare')}</MenuItem>
            <MenuItem onClick={() => setAsked('edit')}>{t('action.edit')}</MenuItem>
            {isOver(batch) || batch.state === 'paused' ? (
              <MenuItem onClick={() => setAsked('delete')}>{t('action.delete')}</MenuItem>
            ) : null}
          </MenuList>
        </MenuPopover>
      </Menu>
      {asked === 'edit' ? <EditDialog batch={batch} onClose={close} /> : null}
      {asked === 'evaluate' ? <EvaluateDialog batch={batch} onClose={close} /> : null}
      {asked === 'compare' ? <CompareDialog batch={batch} onClose={close} /> : null}
      {asked === 'delete' ? (
        <DeleteBatches
          batches={[batch]}
          takenBy={takenBy.map(({ name }) => name)}
          onGone={() => navigate(paths.batches, { replace: true })}
          onClose={close}
        />
      ) : null}
    </>
  )
}
