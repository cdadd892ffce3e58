package iommulab.app.cli;

/// An address on the command line: hex, with `0x` or without.
///
/// @param value 64 bits
record HexNumber(long value) {
    /// @throws IllegalArgumentException if the text is no such number
    static HexNumber parse(String text) {
        try {
            return new HexNumber(Long.parseUnsignedLong(text.replaceFirst("^0[xX]", ""), 16));
        } catch (NumberFormatException notHex) {
            throw new IllegalArgumentException(
                    "'%s' is no address: write up to 16 hex digits".formatted(text), notHex);
        }
    }
}
