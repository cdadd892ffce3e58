package iommulab.engine.pci;

/// The 16-bit name under which a PCI function issues its requests.
/// Layout: bus in bits 15:8, device in 7:3, function in 2:0.
/// Spec: PCIe Base, "Transaction Descriptor - Transaction ID Field".
///
/// @param raw the 16 bits
public record RequesterId(int raw) implements Comparable<RequesterId> {
    public RequesterId {
        if ((raw & ~0xffff) != 0) {
            throw new IllegalArgumentException(
                    "requester ID 0x%x does not fit in 16 bits".formatted(raw));
        }
    }

    /// Bus number, 8 bits.
    public int bus() {
        return raw >>> 8;
    }

    /// Device and function numbers together, 8 bits: device in 7:3, function in 2:0.
    public int devfn() {
        return raw & 0xff;
    }

    @Override
    public int compareTo(RequesterId other) {
        return Integer.compare(raw, other.raw);
    }

    /// `03:00.1`, as lspci prints it.
    @Override
    public String toString() {
        return "%02x:%02x.%x".formatted(raw >>> 8, raw >>> 3 & 0x1f, raw & 7);
    }
}
