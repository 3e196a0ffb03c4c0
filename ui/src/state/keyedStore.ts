/** Values by key; who looks at one key hears of that key only. */
export class KeyedStore<V> {
  private readonly values = new Map<string, V>()
  private readonly keyListeners = new Map<string, Set<() => void>>()
  private readonly listeners = new Set<() => void>()
  private snapshot: readonly V[] = []

  get(key: string): V | undefined {
    return this.values.get(key)
  }

  /** All values, in the order in which their keys came; the same array until something changes. */
  all = (): readonly V[] => this.snapshot

  /** Sets and removes in one go; listeners are called once each. */
  apply(changed: ReadonlyArray<readonly [string, V]>, removed: readonly string[] = []): void {
    if (changed.length === 0 && removed.length === 0) return
    const touched = new Set<string>()
    for (const [key, value] of changed) {
      this.values.set(key, value)
      touched.add(key)
    }
    for (const key of removed) {
      if (this.values.delete(key)) touched.add(key)
    }
    this.snapshot = [...this.values.values()]
    for (const key of touched) {
      for (const listener of this.keyListeners.get(key) ?? []) listener()
    }
    for (const listener of this.listeners) listener()
  }

  clear(): void {
    this.apply([], [...this.values.keys()])
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  subscribeKey(key: string, listener: () => void): () => void {
    const listeners = this.keyListeners.get(key) ?? new Set()
    this.keyListeners.set(key, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.keyListeners.delete(key)
    }
  }
}

/** One value with listeners. */
export class ValueStore<V> {
  private value: V
  private readonly listeners = new Set<() => void>()

  constructor(value: V) {
    this.value = value
  }

  get = (): V => this.value

  set(value: V): void {
    if (Object.is(this.value, value)) return
    this.value = value
    for (const listener of this.listeners) listener()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
