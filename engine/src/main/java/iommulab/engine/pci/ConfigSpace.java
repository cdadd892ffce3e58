package iommulab.engine.pci;

import iommulab.engine.ImmutableValue;

import java.util.Arrays;

/// The configuration space of one function, as bytes, the way the function itself answers.
///
/// A capture knows the first 64 bytes (made without root), 256 (conventional PCI) or 4096 (PCI
/// Express); what lies beyond is *unknown*, which is not the same as absent. Little-endian.
@ImmutableValue
public final class ConfigSpace {
    private final byte[] bytes;

    // Reckoned when first asked for: every command hashes every function, and nearly all stay as
    // they are.
    private int hash;

    private ConfigSpace(byte[] bytes) {
        this.bytes = bytes;
    }

    /// @param bytes what is known, from offset 0; 1 to 4096 bytes
    public static ConfigSpace of(byte[] bytes) {
        if (bytes.length == 0 || bytes.length > 4096) {
            throw new IllegalArgumentException(
                    "a configuration space has 1 to 4096 bytes, not " + bytes.length);
        }
        return new ConfigSpace(bytes.clone());
    }

    /// Number of known bytes, from offset 0.
    public int size() {
        return bytes.length;
    }

    /// Whether all of `width` bytes at `offset` are known.
    public boolean knows(int offset, int width) {
        return offset >= 0 && offset + width <= bytes.length;
    }

    /// @param offset in bytes
    /// @return 0 to 0xff
    public int read8(int offset) {
        return bytes[offset] & 0xff;
    }

    /// @return 0 to 0xffff
    public int read16(int offset) {
        return read8(offset) | read8(offset + 1) << 8;
    }

    /// @return all 32 bits
    public int read32(int offset) {
        return read16(offset) | read16(offset + 2) << 16;
    }

    /// The same bytes but for `width` of them (1, 2 or 4) at `offset`, which take the low bits of
    /// `value`.
    public ConfigSpace with(int offset, int width, int value) {
        var changed = bytes.clone();
        for (int i = 0; i < width; i++) {
            changed[offset + i] = (byte) (value >>> 8 * i);
        }
        return new ConfigSpace(changed);
    }

    /// A copy of the known bytes.
    public byte[] toBytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConfigSpace space && Arrays.equals(bytes, space.bytes);
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = Arrays.hashCode(bytes);
        }
        return hash;
    }

    @Override
    public String toString() {
        return bytes.length + " configuration bytes";
    }
}
