package iommulab.engine.os.state;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/// One value of the kernel's memory. What `toString` says of a value must tell it from every other that
/// the cell may hold, and be the same in every run.
///
/// @param <T> values that do not change themselves, or objects of the kernel
public final class Cell<T> extends Ledger.Slot {
    private T value;

    public Cell(Ledger ledger, T initial) {
        super(ledger, initial);
        value = initial;
    }

    public T get() {
        return value;
    }

    public void set(T next) {
        if (!Objects.equals(value, next)) {
            changes(null, value, next);
            value = next;
        }
    }

    @Override
    @SuppressWarnings("unchecked") // only values of this cell come back
    void put(@Nullable Object key, @Nullable Object value) {
        this.value = (T) Objects.requireNonNull(value);
    }
}
