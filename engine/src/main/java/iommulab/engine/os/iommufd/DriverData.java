package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.GuestDomains;
import iommulab.engine.os.device.PhysicalDevice;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The data in the terms of one driver with which a nested table is asked for. Source: kernel
/// `enum iommu_hwpt_data_type`.
///
/// @param flags of the table
/// @param type of the data
/// @param length in bytes
record DriverData(List<String> flags, String type, long length) {
    private static final Map<String, Integer> BYTES =
            Map.of(
                    "none",
                    0,
                    "selftest",
                    NestedData.Selftest.BYTES,
                    "vtd_s1",
                    NestedData.VtdStage1.BYTES,
                    "arm_smmuv3",
                    NestedData.StreamOfGuest.BYTES,
                    "amd_guest",
                    NestedData.DeviceOfGuest.BYTES);

    /// @throws CallFailed (EINVAL) a type without data, or data without a type
    static DriverData of(Arguments a) throws CallFailed, BadArgument {
        var type = a.optionalWord("data_type").orElse("none");
        long length = a.number("data_len", BYTES.getOrDefault(type, 0));
        if (type.equals("none") != (length == 0)) {
            throw new CallFailed(
                    "EINVAL",
                    "Data of type %s and %d bytes: without a type there are no bytes, and with one there are some."
                            .formatted(type, length));
        }
        return new DriverData(a.words("flags"), type, length);
    }

    boolean has(String flag) {
        return flags.contains(flag);
    }

    /// What a driver keeps of a nested table, after it has taken the data.
    ///
    /// @throws CallFailed (EINVAL) data of another length, (EFAULT) none, or as the driver refuses it
    NestedData read(
            Arguments a, PagingTable parent, Optional<VirtualIommu> viommu, PhysicalDevice device)
            throws CallFailed, BadArgument {
        int bytes = BYTES.getOrDefault(type, 0);
        if (length != bytes) {
            throw new CallFailed(
                    "EINVAL",
                    "Data of type %s has %d bytes, not %d: a driver's data is neither cut nor stretched."
                            .formatted(type, bytes, length));
        }
        if (a.optionalWord("data_ptr").filter("null"::equals).isPresent()) {
            throw new CallFailed("EFAULT", "The pointer to the data leads nowhere.");
        }
        var fields = a.has("data") ? a.fields("data") : new Arguments(a.action(), Map.of());
        return switch (type) {
            case "selftest" ->
                    NestedData.Selftest.filledWith(
                            parent.file().ledger(), fields.number("iotlb", 0));
            case "vtd_s1" -> vtdStage1(parent, device, fields);
            case "arm_smmuv3" -> streamOfGuest(parent, device, fields);
            case "amd_guest" -> deviceOfGuest(viommu.orElseThrow(), fields);
            default ->
                    throw new CallFailed(
                            "EOPNOTSUPP", "Data of type %s is not built.".formatted(type));
        };
    }

    private static NestedData vtdStage1(PagingTable parent, PhysicalDevice device, Arguments fields)
            throws CallFailed, BadArgument {
        long width = fields.number("addr_width", 48);
        if (width != 48 && width != 57) {
            throw new CallFailed(
                    "EINVAL",
                    "First-stage tables translate 48 or 57 bits, not %d.".formatted(width));
        }
        var guest = new GuestDomains.GuestTable((int) fields.number("pgtbl"));
        var guests = parent.file().core().guests();
        int domain = guests.createNested(device.unitNumber(), parent.domain(), guest);
        return new NestedData.VtdStage1(guests, domain, guest);
    }

    private NestedData streamOfGuest(PagingTable parent, PhysicalDevice device, Arguments fields)
            throws CallFailed, BadArgument {
        if (has("pasid")) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "A guest's stream has all PASIDs of its device: no flag allows more of them.");
        }
        var entry = VirtualStreamEntry.of(fields);
        var guests = parent.file().core().guests();
        int domain = guests.createOnGuestEntry(device.unitNumber(), parent.domain(), entry, 0);
        return new NestedData.StreamOfGuest(domain, entry);
    }

    private static NestedData deviceOfGuest(VirtualIommu viommu, Arguments fields)
            throws CallFailed, BadArgument {
        var entry = VirtualDeviceEntry.of(fields);
        int number = (int) entry.high() & 0xffff;
        int domain =
                viommu.file()
                        .core()
                        .guests()
                        .createOnGuestEntry(
                                viommu.unitNumber(),
                                viommu.parent().domain(),
                                entry,
                                viommu.numbers().find(number).orElse(0));
        viommu.numbers().add(number, domain);
        return new NestedData.DeviceOfGuest(viommu, number, domain, entry);
    }
}
