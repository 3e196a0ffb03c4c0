import { Component, type ErrorInfo, type ReactNode } from 'react'

interface Props {
  /** Changes when another thing is shown, which deserves a new try. */
  resetKey: string
  fallback: (error: unknown, again: () => void) => ReactNode
  children: ReactNode
}

/** Keeps a fault of one page from taking the whole window with it. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack)
  }

  override componentDidUpdate(previous: Props) {
    if (previous.resetKey !== this.props.resetKey && this.state.error !== null) {
      this.setState({ error: null })
    }
  }

  override render() {
    return this.state.error === null
      ? this.props.children
      : this.props.fallback(this.state.error, () => this.setState({ error: null }))
  }
}
