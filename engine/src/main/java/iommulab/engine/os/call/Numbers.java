package iommulab.engine.os.call;

import java.util.Optional;

/// Numbers of 64 bits as text.
public final class Numbers {
    private Numbers() {}

    /// `0x1f`, `31`, `-1`; empty if it is no number of 64 bits.
    public static Optional<Long> read(String text) {
        try {
            return Optional.of(
                    text.startsWith("0x")
                            ? Long.parseUnsignedLong(text, 2, text.length(), 16)
                            : text.startsWith("-")
                                    ? Long.parseLong(text)
                                    : Long.parseUnsignedLong(text));
        } catch (NumberFormatException noNumber) {
            return Optional.empty();
        }
    }
}
