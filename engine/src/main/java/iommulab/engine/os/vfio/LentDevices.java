package iommulab.engine.os.vfio;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;
import java.util.Optional;

/// All devices and groups that VFIO lends out.
public final class LentDevices {
    private final Ledger ledger;
    private final Devices devices;
    private final Book<String, MediatedDevice> mediated;

    public LentDevices(Ledger ledger, Devices devices) {
        this.ledger = ledger;
        this.devices = devices;
        mediated = new Book<>(ledger);
    }

    /// By name.
    public Collection<MediatedDevice> mediated() {
        return mediated.all().values().stream().filter(MediatedDevice::isThere).toList();
    }

    public Optional<MediatedDevice> findMediated(String name) {
        return mediated.find(name).filter(MediatedDevice::isThere);
    }

    /// Whether a group is that of a mediated device.
    public boolean isMediated(int group) {
        return mediated().stream().anyMatch(device -> device.groupId() == group);
    }

    /// The device of a name; empty if there is none that is bound to a VFIO driver.
    public Optional<VfioDevice> device(String name) {
        var made = findMediated(name);
        return made.isPresent()
                ? made.map(device -> device)
                : devices.find(name)
                        .filter(device -> Devices.isVfio(device.driver()))
                        .map(VfioDevice.Physical::new);
    }

    /// The mediated device of an argument.
    ///
    /// @throws BadArgument if there is none of that name
    public MediatedDevice mediated(Arguments a, String argument) throws BadArgument {
        var name = a.word(argument);
        return findMediated(name)
                .orElseThrow(() ->
                        new BadArgument(
                                "%s: there is no mediated device '%s'. There are %s."
                                        .formatted(a.action(), name, mediated())));
    }

    /// The group of a device.
    Optional<LentGroup> groupOf(VfioDevice device) {
        return switch (device) {
            case VfioDevice.Physical(var function) -> function.group().map(LentGroup.Physical::new);
            case MediatedDevice made -> Optional.of(made);
        };
    }

    /// The group of a number; empty if no device of it is bound to a VFIO driver.
    public Optional<LentGroup> group(long number) {
        for (var device : mediated()) {
            if (device.groupId() == number) {
                return Optional.of(device);
            }
        }
        return devices.groups().stream()
                .filter(group -> group.id() == number)
                .<LentGroup>map(LentGroup.Physical::new)
                .filter(group -> !group.devices().isEmpty())
                .findFirst();
    }

    /// A driver makes a device up.
    ///
    /// @throws CallFailed (ENODEV) no driver that could, (EEXIST) the name is taken
    public MediatedDevice create(PhysicalDevice parent, String name) throws CallFailed {
        if (parent.driver().isEmpty()) {
            throw new CallFailed(
                    "ENODEV", "No driver is bound to %s that could make one up.".formatted(parent));
        }
        if (findMediated(name).isPresent() || devices.find(name).isPresent()) {
            throw new CallFailed("EEXIST", "There is a device '%s' already.".formatted(name));
        }
        var made = new MediatedDevice(ledger, name, parent, freeGroup());
        mediated.set(name, made);
        return made;
    }

    private int freeGroup() {
        int free = 0;
        for (var group : devices.groups()) {
            free = Math.max(free, group.id() + 1);
        }
        for (var device : mediated()) {
            free = Math.max(free, device.groupId() + 1);
        }
        return free;
    }

    public void remove(MediatedDevice device) {
        device.remove();
        mediated.remove(device.name());
    }
}
