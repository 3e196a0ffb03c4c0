import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Location } from 'react-router'
import type { ConfigurationView, Runtime } from '../../../backend/types'
import { LeaveDialog } from '../../../components/decision/LeaveDialog'
import type { RemedyHandlers } from '../../../problems/remedies'
import { useAction, useLiveOperation } from '../../../state'
import { EditForm } from './EditForm'
import { firstOf } from './form'
import { ReviewDialog } from './ReviewDialog'
import { useEdit } from './useEdit'

/** The page and its tab: what was typed is lost by going to another of either. */
const placeOf = ({ pathname, search }: Location): string =>
  `${pathname}?${new URLSearchParams(search).get('tab')}`

/** The form, its review, and the change. What was typed stays until the change has succeeded. */
export function Edit({
  runtime,
  view,
  field,
  port,
  onEnd,
}: {
  runtime: Runtime
  /** What the runtime has as the form is opened. */
  view: ConfigurationView
  /** The field that one came for. */
  field: string | null
  /** A free port that was proposed. */
  port: string | null
  onEnd: () => void
}) {
  const { t } = useTranslation('configuration')
  const edit = useEdit(runtime, view, field, port)
  const change = useAction('change_configuration')
  const [wish, setWish] = useState({ confirmed: false, cancelRuns: false })
  const [operation, setOperation] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const live = useLiveOperation(operation ?? '')
  const succeeded = live?.state === 'succeeded'
  const underWay = operation !== null && live?.finished == null
  const apply = (wanted: typeof wish) => {
    setWish(wanted)
    change.mutate(
      { ...edit.request, ...wanted },
      {
        onSuccess: (started) => {
          setOperation(started.operation)
          setOpen(true)
        },
      },
    )
  }
  const close = () => {
    change.reset()
    setOpen(false)
    if (succeeded) onEnd()
    else edit.back()
  }
  const goTo = (to: string, typed?: Parameters<typeof edit.back>[1]) => {
    setOpen(false)
    edit.back(to, typed)
  }
  const remedies: RemedyHandlers = {
    choosePort: ({ free }) =>
      goTo('hostPort', free === null ? undefined : { hostPort: String(free) }),
    raiseMemory: () => goTo('memoryLimit'),
    changeMounts: () => goTo(firstOf('mounts', edit.form)),
    changeVariables: () => goTo(firstOf('variables', edit.form)),
  }
  return (
    <>
      <EditForm
        view={edit.view}
        form={edit.form}
        problems={edit.problems}
        confirmable={edit.confirmable}
        asking={edit.asking}
        underWay={underWay}
        held={edit.held}
        problem={edit.problem}
        focus={edit.focus}
        onFocused={edit.focused}
        onChange={edit.type}
        onReview={() => (underWay ? setOpen(true) : edit.review())}
        onReviewAgain={() => edit.review(true)}
        onCancel={onEnd}
      />
      <ReviewDialog
        runtime={runtime}
        preview={edit.preview}
        operation={open ? operation : null}
        problem={change.error?.problem ?? null}
        starting={change.isPending}
        remedies={remedies}
        onApply={apply}
        onAgain={() => apply(wish)}
        onReviewAgain={() => {
          change.reset()
          edit.review(true)
        }}
        onClose={close}
      />
      <LeaveDialog
        asks={({ currentLocation, nextLocation }) =>
          edit.dirty && !succeeded && placeOf(currentLocation) !== placeOf(nextLocation)
        }
        title={t('leave.title')}
        body={t('leave.body')}
        leave={t('leave.leave')}
        stay={t('leave.stay')}
      />
    </>
  )
}
