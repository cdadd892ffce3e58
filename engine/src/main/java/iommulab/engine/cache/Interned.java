package iommulab.engine.cache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Gives equal values the same number, so that a cache line, which has room for a word, can name one.
///
/// Not thread-safe: one engine thread owns it.
public final class Interned<T extends Record> {
    private static final int MOST = 1 << 14;

    private final List<T> values;
    private final Map<T, Integer> numbers;

    /// No value yet.
    public Interned() {
        values = new ArrayList<>();
        numbers = new HashMap<>();
    }

    private Interned(Interned<T> other) {
        values = new ArrayList<>(other.values);
        numbers = new HashMap<>(other.numbers);
    }

    /// The same values with the same numbers, sharing nothing.
    public Interned<T> copy() {
        return new Interned<>(this);
    }

    /// The number of a value; a new one if it was never met.
    public int of(T value) {
        var known = numbers.get(value);
        if (known != null) {
            return known;
        }
        values.add(value);
        numbers.put(value, values.size() - 1);
        return values.size() - 1;
    }

    /// The value of a number.
    public T value(int number) {
        return values.get(number);
    }

    /// Whether it is time to forget all numbers.
    public boolean isFull() {
        return values.size() >= MOST;
    }

    /// Forgets all numbers. No cache may hold one.
    public void clear() {
        values.clear();
        numbers.clear();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Interned<?> same && same.values.equals(values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }
}
