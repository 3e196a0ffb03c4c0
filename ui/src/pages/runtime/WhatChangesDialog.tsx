import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { VersionCheck, VersionFacts } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { PassedOverList } from '../../components/environment/PassedOverList'
import { Facts } from '../../components/Facts'
import { formatAge, formatBytes } from '../../format'
import type { Newer } from './VersionBar'

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  note: { color: tokens.colorNeutralForeground3 },
})

function change(from: string | null | undefined, to: string | null | undefined): string | null {
  if (!to) return null
  return from && from !== to ? `${from} → ${to}` : to
}

/** What is known of the newest version before anything is downloaded. */
export function WhatChangesDialog({
  check,
  answer,
  onClose,
  onUpdate,
}: {
  check: VersionCheck
  answer: Newer
  onClose: () => void
  onUpdate: (() => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const now: VersionFacts | null = check.currentFacts
  const next = answer.facts
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>
            {t('changes.title', { version: answer.version ?? answer.image })}
          </DialogTitle>
          <DialogContent className={styles.content}>
            <Facts
              facts={[
                { label: t('changes.running'), value: check.current },
                { label: t('changes.newest'), value: answer.version ?? answer.image },
                {
                  label: t('changes.age'),
                  value: answer.ageInDays === null ? null : formatAge(answer.ageInDays),
                },
                { label: t('changes.download'), value: formatBytes(answer.downloadSize) },
                {
                  label: t('changes.promptflow'),
                  value: change(now?.promptflow, next?.promptflow),
                },
                { label: t('changes.tools'), value: change(now?.tools, next?.tools) },
                {
                  label: t('changes.facts'),
                  value: next === null ? t('changes.noFacts') : (next.note ?? t('changes.noFacts')),
                },
              ]}
            />
            <Block heading={t('changes.security')}>
              {answer.securityFixes.length === 0 ? (
                <Text>{t('changes.noSecurity')}</Text>
              ) : (
                <Sentences
                  sentences={answer.securityFixes.map(({ version, note }) =>
                    note ? `${version}: ${note}` : version,
                  )}
                />
              )}
            </Block>
            {answer.passedOver.length > 0 ? (
              <Block heading={t('changes.passedOver')}>
                <PassedOverList passedOver={answer.passedOver} />
              </Block>
            ) : null}
            <Text className={styles.note}>{t('changes.packages')}</Text>
          </DialogContent>
          <DialogActions fluid>
            {onUpdate ? (
              <Button appearance="primary" onClick={onUpdate}>
                {t('changes.update')}
              </Button>
            ) : null}
            <Button onClick={onClose}>{t('changes.close')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
