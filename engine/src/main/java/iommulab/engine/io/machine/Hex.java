package iommulab.engine.io.machine;

/// Numbers as the file writes them where a person thinks in hex.
final class Hex {
    private Hex() {}

    static String text(long value) {
        return "0x" + Long.toHexString(value);
    }
}
