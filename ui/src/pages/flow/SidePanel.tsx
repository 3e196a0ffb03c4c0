import { Tab, TabList } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { Chat } from './Chat'
import { Inputs } from './Inputs'
import { NodePanel } from './NodePanel'
import { PanelFrame } from './PanelFrame'
import { useFlowPage } from './page'
import { SourceView } from './SourceView'

/** The chat of a chat flow and its inputs, one of them at a time. */
function ChatOrInputs() {
  const { t } = useTranslation('flow')
  const { view } = useFlowPage()
  const [search, setSearch] = useSearchParams()
  const chat = view.model?.chat ?? null
  const shown = chat === null || search.get('side') === 'inputs' ? 'inputs' : 'chat'
  return (
    <PanelFrame
      heading={t(shown === 'chat' ? 'chat.heading' : 'inputs.heading')}
      aside={
        chat ? (
          <TabList
            size="small"
            aria-label={t('chat.tabs')}
            selectedValue={shown}
            onTabSelect={(_, { value }) =>
              setSearch(
                (before) => {
                  const after = new URLSearchParams(before)
                  if (value === 'inputs') after.set('side', 'inputs')
                  else after.delete('side')
                  return after
                },
                { replace: true },
              )
            }
          >
            <Tab value="chat">{t('chat.heading')}</Tab>
            <Tab value="inputs">{t('inputs.heading')}</Tab>
          </TabList>
        ) : undefined
      }
    >
      {chat !== null && shown === 'chat' ? <Chat chat={chat} /> : <Inputs />}
    </PanelFrame>
  )
}

/** Beside the graph: the step that is chosen, a file, or what a run gets. */
export function SidePanel() {
  const { node, file, line, go } = useFlowPage()
  if (node !== null) return <NodePanel name={node} />
  if (file !== null) {
    return (
      <PanelFrame heading={file} onClose={() => go({ file: null, line: null })}>
        <SourceView path={file} line={line} />
      </PanelFrame>
    )
  }
  return <ChatOrInputs />
}
