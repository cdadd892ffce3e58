package iommulab.engine;

/// A 64-bit hash of what a machine's state is made of, the same in every run: it takes numbers and text,
/// never an object's own hash code. Order counts.
public final class Fingerprint {
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private long hash = SPREAD;

    /// The fingerprint of nothing.
    public Fingerprint() {}

    public Fingerprint add(long number) {
        long mixed = (hash ^ number) * SPREAD;
        hash = (mixed ^ mixed >>> 29) * 0xbf58_476d_1ce4_e5b9L + 1;
        return this;
    }

    public Fingerprint add(String text) {
        add(text.length());
        for (int i = 0; i < text.length(); i++) {
            add(text.charAt(i));
        }
        return this;
    }

    public long value() {
        return hash ^ hash >>> 32;
    }
}
