package iommulab.engine.os.state;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// A table of the kernel's memory, by key in ascending order. As for a [Cell], `toString` of keys and
/// values must tell them apart.
///
/// @param <K> immutable keys
/// @param <V> values that do not change themselves, or objects of the kernel
public final class Book<K extends Comparable<? super K>, V> extends Ledger.Slot {
    private final TreeMap<K, V> entries = new TreeMap<>();

    /// An empty table.
    public Book(Ledger ledger) {
        super(ledger, null);
    }

    public Optional<V> find(K key) {
        return Optional.ofNullable(entries.get(key));
    }

    public boolean has(K key) {
        return entries.containsKey(key);
    }

    /// What is in it now; it follows changes and cannot be changed itself.
    public NavigableMap<K, V> all() {
        return Collections.unmodifiableNavigableMap(entries);
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    public int size() {
        return entries.size();
    }

    public void set(K key, V value) {
        var old = entries.put(key, value);
        if (!Objects.equals(old, value)) {
            changes(key, old, value);
        }
    }

    /// Takes an entry out, if it is there.
    public void remove(K key) {
        var old = entries.remove(key);
        if (old != null) {
            changes(key, old, null);
        }
    }

    public void clear() {
        while (!entries.isEmpty()) {
            remove(entries.firstKey());
        }
    }

    @Override
    @SuppressWarnings("unchecked") // only keys and values of this table come back
    void put(@Nullable Object key, @Nullable Object value) {
        if (value == null) {
            entries.remove((K) Objects.requireNonNull(key));
        } else {
            entries.put((K) Objects.requireNonNull(key), (V) value);
        }
    }
}
