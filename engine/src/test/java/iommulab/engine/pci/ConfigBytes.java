package iommulab.engine.pci;

/// Builds configuration spaces for tests, in the words of the specification.
final class ConfigBytes {
    private final byte[] bytes;
    private int lastConventional = 0x33;
    private int lastExtended;

    private ConfigBytes(int size) {
        bytes = new byte[size];
    }

    static ConfigBytes ofSize(int size) {
        return new ConfigBytes(size);
    }

    ConfigBytes set(int offset, int... values) {
        for (int i = 0; i < values.length; i++) {
            bytes[offset + i] = (byte) values[i];
        }
        return this;
    }

    ConfigBytes set16(int offset, int value) {
        return set(offset, value, value >>> 8);
    }

    ConfigBytes set32(int offset, int value) {
        return set16(offset, value).set16(offset + 2, value >>> 16);
    }

    /// Appends to the conventional chain.
    ConfigBytes capability(int offset, int id) {
        bytes[0x06] |= 0x10;
        set(lastConventional + 1, offset);
        set(offset, id, 0);
        lastConventional = offset;
        return this;
    }

    /// Appends to the extended chain; the first must lie at 0x100.
    ConfigBytes extended(int offset, int id, int version) {
        if (lastExtended != 0) {
            bytes[lastExtended + 2] |= (byte) (offset << 4);
            bytes[lastExtended + 3] = (byte) (offset >>> 4);
        }
        set32(offset, version << 16 | id);
        lastExtended = offset;
        return this;
    }

    ConfigSpace build() {
        return ConfigSpace.of(bytes);
    }
}
