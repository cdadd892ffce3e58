package iommulab.engine.pci;

import java.util.Comparator;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// Where a PCI function sits: the name that Linux and lspci give it, such as `0000:03:00.1`.
///
/// @param domain PCI segment, 0 to 2^31-1 (Intel VMD uses numbers above 16 bits)
/// @param bus bus number, 8 bits
/// @param device device number on the bus, 5 bits
/// @param function function number in the device, 3 bits; with ARI the device is 0 and Linux still
///     splits the 8 bits this way
public record PciAddress(int domain, int bus, int device, int function)
        implements Comparable<PciAddress> {

    private static final Pattern SPELLING =
            Pattern.compile("(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\\.([0-7])");
    private static final HexFormat HEX = HexFormat.of();
    private static final Comparator<PciAddress> ORDER =
            Comparator.comparingInt(PciAddress::domain)
                    .thenComparingInt(PciAddress::bus)
                    .thenComparingInt(PciAddress::devfn);

    public PciAddress {
        if (domain < 0 || (bus & ~0xff) != 0 || (device & ~0x1f) != 0 || (function & ~7) != 0) {
            throw new IllegalArgumentException(
                    "no PCI address: domain 0x%x, bus 0x%x, device 0x%x, function 0x%x"
                            .formatted(domain, bus, device, function));
        }
    }

    /// @param devfn device in 7:3, function in 2:0
    public static PciAddress of(int domain, int bus, int devfn) {
        return new PciAddress(domain, bus, devfn >>> 3, devfn & 7);
    }

    /// Reads `0000:03:00.1` or `03:00.1` (domain 0).
    ///
    /// @throws IllegalArgumentException if the text is no PCI address
    public static PciAddress parse(String text) {
        var match = SPELLING.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no PCI address: write it as 0000:03:00.1".formatted(text));
        }
        int domain = match.group(1) == null ? 0 : Integer.parseUnsignedInt(match.group(1), 16);
        return new PciAddress(
                domain,
                Integer.parseInt(match.group(2), 16),
                Integer.parseInt(match.group(3), 16),
                Integer.parseInt(match.group(4)));
    }

    /// Device and function numbers together, 8 bits.
    public int devfn() {
        return device << 3 | function;
    }

    /// The name under which the function issues requests, before any bridge rewrites it.
    public RequesterId requesterId() {
        return new RequesterId(bus << 8 | devfn());
    }

    /// `03:00.1`, without the domain.
    public String withoutDomain() {
        return HEX.toHexDigits((byte) bus) + ":" + HEX.toHexDigits((byte) device) + "." + function;
    }

    @Override
    public int compareTo(PciAddress other) {
        return ORDER.compare(this, other);
    }

    /// `0000:03:00.1`, as sysfs names it.
    @Override
    public String toString() {
        // Named for every function of a machine after each command; a format string takes ten times
        // as long.
        var segment =
                domain <= 0xffff ? HEX.toHexDigits((char) domain) : Integer.toHexString(domain);
        return segment + ":" + withoutDomain();
    }
}
