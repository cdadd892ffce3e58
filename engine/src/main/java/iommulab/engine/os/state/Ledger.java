package iommulab.engine.os.state;

import iommulab.engine.Fingerprint;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.regex.Pattern;

/// The versions of everything that the kernel remembers. Each change of a [Cell] or a [Book] is a step
/// from one version to the next; going to another version undoes steps up to where the two meet and does
/// the others again. So a refused call is taken back by one line, and a checkpoint is one reference.
///
/// Not thread-safe: one engine thread owns it.
public final class Ledger {
    /// What `toString` says of objects that have none of their own.
    private static final Pattern NAMELESS = Pattern.compile("\\.[A-Za-z$]+@[0-9a-f]{5,8}");

    private Version now = new Version(null, 0, 0, 0, null, null, null, null);

    /// A ledger in which nothing was written.
    public Ledger() {}

    /// One version of the kernel's memory. Opaque; versions that nobody refers to are forgotten.
    public static final class Version {
        private final @Nullable Version before;
        private final long depth;
        private final int slots;
        private final long hash;
        private final @Nullable Slot slot;
        private final @Nullable Object key;
        private final @Nullable Object old;
        private final @Nullable Object value;

        private Version(
                @Nullable Version before,
                long depth,
                int slots,
                long hash,
                @Nullable Slot slot,
                @Nullable Object key,
                @Nullable Object old,
                @Nullable Object value) {
            this.before = before;
            this.depth = depth;
            this.slots = slots;
            this.hash = hash;
            this.slot = slot;
            this.key = key;
            this.old = old;
            this.value = value;
        }
    }

    /// Something whose values the ledger keeps.
    abstract static class Slot {
        final Ledger ledger;
        private final int number;

        Slot(Ledger ledger, @Nullable Object initial) {
            this.ledger = ledger;
            this.number = ledger.now.slots;
            ledger.step(number + 1, ledger.now.hash ^ part(null, initial), null, null, null, null);
        }

        /// Puts a value without telling the ledger.
        abstract void put(@Nullable Object key, @Nullable Object value);

        /// Tells the ledger of a change that is made now.
        ///
        /// @param key which of several values; null if there is only one
        final void changes(@Nullable Object key, @Nullable Object old, @Nullable Object value) {
            ledger.step(
                    ledger.now.slots,
                    ledger.now.hash ^ part(key, old) ^ part(key, value),
                    this,
                    key,
                    old,
                    value);
        }

        private long part(@Nullable Object key, @Nullable Object value) {
            return value == null
                    ? 0
                    : new Fingerprint()
                            .add(number)
                            .add(String.valueOf(key))
                            .add(told(value))
                            .value();
        }

        private static String told(Object value) {
            var text = value.toString();
            if (NAMELESS.matcher(text).find()) {
                throw new IllegalStateException(
                        "another run would tell it otherwise: a value of %s is '%s'"
                                .formatted(value.getClass().getSimpleName(), text));
            }
            return text;
        }
    }

    private void step(
            int slots,
            long hash,
            @Nullable Slot slot,
            @Nullable Object key,
            @Nullable Object old,
            @Nullable Object value) {
        now = new Version(now, now.depth + 1, slots, hash, slot, key, old, value);
    }

    public Version now() {
        return now;
    }

    /// Nobody goes back before this version any more.
    public void forgetPast() {
        now = new Version(null, now.depth, now.slots, now.hash, null, null, null, null);
    }

    /// Hash of all values; the same values written in the same order have the same hash in every run.
    public long hash() {
        return now.hash;
    }

    /// Makes every value what it was in a version of this ledger.
    public void goTo(Version then) {
        var again = new ArrayList<Version>();
        var back = now;
        var forth = then;
        while (back != forth) {
            if (back.depth >= forth.depth) {
                apply(back, back.old);
                back = before(back);
            } else {
                again.add(forth);
                forth = before(forth);
            }
        }
        for (var version : again.reversed()) {
            apply(version, version.value);
        }
        now = then;
    }

    private static void apply(Version version, @Nullable Object value) {
        if (version.slot != null) {
            version.slot.put(version.key, value);
        }
    }

    private static Version before(Version version) {
        if (version.before == null) {
            throw new IllegalStateException("a version of another ledger");
        }
        return version.before;
    }
}
