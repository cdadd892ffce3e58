package iommulab.engine.os.device;

import iommulab.engine.group.Viability;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.pci.PciAddress;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// All functions and groups of the machine.
public final class Devices {
    private final Ledger ledger;
    private final IommuCore core;
    private final Book<String, PhysicalDevice> byName;
    private final Book<Integer, DeviceGroup> groups;

    /// Finds everything; drivers that are bound have claimed what they claim.
    public Devices(Ledger ledger, IommuCore core) throws CallFailed {
        this.ledger = ledger;
        this.core = core;
        byName = new Book<>(ledger);
        groups = new Book<>(ledger);
        discover(core.inventory().functions());
    }

    private void discover(List<Inventory.Function> functions) throws CallFailed {
        for (var facts : core.inventory().groups()) {
            if (!groups.has(facts.id())) {
                groups.set(facts.id(), new DeviceGroup(ledger, core.attachments(), facts));
            }
        }
        for (var facts : functions) {
            if (!byName.has(facts.name())) {
                add(facts);
            }
        }
    }

    private void add(Inventory.Function facts) throws CallFailed {
        var group =
                facts.group().isPresent()
                        ? groups.find(facts.group().getAsInt()).orElse(null)
                        : null;
        var unit = facts.unit().isPresent() ? core.inventory().unit(facts.unit().getAsInt()) : null;
        var device = new PhysicalDevice(ledger, facts, core.inventory().options(), group, unit);
        byName.set(device.name(), device);
        if (group != null) {
            group.add(device);
            if (claims(device.driver())) {
                group.useDefaultDomain();
            }
        }
    }

    /// Functions have gone, or groups are others: what is the same stays, the rest is found anew. A real
    /// kernel forms groups when it finds devices, and never again.
    ///
    /// @throws CallFailed (EBUSY) a user owns a group that is no more
    public void discoverAgain() throws CallFailed {
        var now = new HashSet<>(core.inventory().groups());
        var functions = core.inventory().functions();
        var there = new HashSet<String>();
        functions.forEach(facts -> there.add(facts.name()));
        for (var group : List.copyOf(groups())) {
            if (!now.contains(group.facts())) {
                requireUnused(group);
                groups.remove(group.id());
                group.members().forEach(member -> byName.remove(member.name()));
            }
        }
        for (var device : List.copyOf(all())) {
            boolean groupChanged = device.group().isEmpty();
            if (groupChanged || !there.contains(device.name())) {
                byName.remove(device.name());
            }
        }
        discover(functions);
    }

    private static void requireUnused(DeviceGroup group) throws CallFailed {
        boolean open = group.members().stream().anyMatch(PhysicalDevice::isOpen);
        if (open || group.owner().isPresent()) {
            throw new CallFailed(
                    "EBUSY",
                    "Group %d is in use by %s: its members must stay together. Close that first."
                            .formatted(
                                    group.id(),
                                    group.owner().map(OpenFile::handle).orElse("a user of VFIO")));
        }
    }

    /// Whether a driver needs the default domain of its group for as long as it is bound.
    public static boolean claims(String driver) {
        return !driver.isEmpty() && !Viability.managesDma(driver);
    }

    /// `vfio-pci` and the drivers made from it.
    public static boolean isVfio(String driver) {
        return Viability.isForUsers(driver);
    }

    /// By name.
    public Collection<PhysicalDevice> all() {
        return byName.all().values();
    }

    public Optional<PhysicalDevice> find(PciAddress address) {
        return all().stream().filter(device -> device.address().equals(address)).findFirst();
    }

    /// By name, or by address in words.
    public Optional<PhysicalDevice> find(String name) {
        var named = byName.find(name);
        return named.isPresent()
                ? named
                : all().stream().filter(d -> d.address().toString().equals(name)).findFirst();
    }

    /// The function of an argument.
    ///
    /// @throws BadArgument if there is none of that name
    public PhysicalDevice named(Arguments arguments, String argument) throws BadArgument {
        var name = arguments.word(argument);
        return find(name)
                .orElseThrow(() ->
                        new BadArgument(
                                "%s: there is no device '%s'. The devices are %s."
                                        .formatted(
                                                arguments.action(), name, byName.all().keySet())));
    }

    public Collection<DeviceGroup> groups() {
        return groups.all().values();
    }

    public Optional<DeviceGroup> findGroup(int id) {
        return groups.find(id);
    }

    /// The group of an argument.
    ///
    /// @throws BadArgument if there is none of that number
    public DeviceGroup group(Arguments arguments, String argument) throws BadArgument {
        int id = (int) arguments.number(argument);
        return findGroup(id)
                .orElseThrow(() ->
                        new BadArgument(
                                "%s: there is no group %d. The groups are %s."
                                        .formatted(arguments.action(), id, groups.all().keySet())));
    }

    // ---- drivers

    /// Binds a driver: claims the default domain first, unless the driver leaves DMA to others.
    ///
    /// @throws CallFailed (EBUSY) bound already, or a user owns the group; (EINVAL) a VFIO driver for a
    ///     function without a group
    public void bind(PhysicalDevice device, String driver) throws CallFailed {
        if (!device.driver().isEmpty()) {
            throw new CallFailed(
                    "EBUSY", "%s is bound to %s already.".formatted(device, device.driver()));
        }
        if (isVfio(driver) && device.group().isEmpty() && !device.options().withoutIommu()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s has no IOMMU group: nothing would keep its user's DMA in bounds (vfio.enable_unsafe_noiommu_mode=1 takes it all the same)."
                            .formatted(device));
        }
        if (claims(driver) && device.group().isPresent()) {
            device.group().get().useDefaultDomain();
        }
        set(device, driver);
    }

    /// Unbinds; what the driver claimed is given back.
    ///
    /// @throws CallFailed (ENODEV) no driver is bound
    public void unbind(PhysicalDevice device) throws CallFailed {
        if (device.driver().isEmpty()) {
            throw new CallFailed("ENODEV", "%s is bound to no driver.".formatted(device));
        }
        if (claims(device.driver())) {
            device.group().ifPresent(DeviceGroup::unuseDefaultDomain);
        }
        set(device, "");
    }

    private void set(PhysicalDevice device, String driver) {
        device.setDriver(driver);
        core.inventory()
                .bound(device.address(), driver.isEmpty() ? Optional.empty() : Optional.of(driver));
    }
}
