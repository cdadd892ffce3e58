package iommulab.engine.os.vfio;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.OldContainer;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.Map;

/// Calls on the nodes of groups, and on device files that come from them.
public final class GroupCalls implements CallTable {
    private static final long STATUS_SIZE = 8;

    private final Ledger ledger;
    private final OpenFiles files;
    private final LentDevices lent;
    private final Processes processes;

    public GroupCalls(Ledger ledger, OpenFiles files, LentDevices lent, Processes processes) {
        this.ledger = ledger;
        this.files = files;
        this.lent = lent;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "vfio.group_open", this::open,
                "vfio.group_close", this::close,
                "vfio.group_get_status", this::status,
                "vfio.group_set_container", this::setContainer,
                "vfio.group_unset_container", this::unsetContainer,
                "vfio.group_get_device_fd", this::device,
                "vfio.device_close", this::closeDevice);
    }

    private Answer open(Arguments a) throws CallFailed, BadArgument {
        long number = a.number("group");
        var group = lent.group(number);
        if (group.isEmpty()) {
            throw new CallFailed(
                    "ENOENT",
                    "No device of group %d is bound to a VFIO driver: it has no node."
                            .formatted(number));
        }
        var file = new GroupFile(ledger, files.newHandle("group"), processes.first(), group.get());
        files.add(file);
        return Answer.OK.with("group_fd", file.handle());
    }

    private GroupFile file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "group_fd", GroupFile.class);
    }

    private Answer close(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        files.close(file);
        return file.references() == 0
                ? Answer.OK
                : Answer.OK.because(
                        "Others refer to %s still: the node of group %d stays open."
                                .formatted(file, file.group().groupId()));
    }

    private Answer status(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        if (a.number("argsz", STATUS_SIZE) < STATUS_SIZE) {
            throw new CallFailed(
                    "EINVAL", "The structure has at least %d bytes.".formatted(STATUS_SIZE));
        }
        return Answer.OK
                .with("viable", file.isViable())
                .with("container_set", file.hasContainer())
                .because(why(file));
    }

    private static String why(GroupFile file) {
        var users =
                file.group().hardware().stream()
                        .flatMap(group -> group.members().stream())
                        .filter(member -> !member.driver().isEmpty())
                        .map(member -> member + " (" + member.driver() + ")")
                        .toList();
        return file.hasContainer()
                ? "It has a container, so it counts as viable."
                : file.isViable()
                        ? "Nobody has claimed the group's DMA."
                        : "The group's DMA is claimed; bound in it: %s."
                                .formatted(String.join(", ", users));
    }

    private Answer setContainer(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var target = files.any(a, "container");
        file.requireNoContainer();
        switch (target) {
            case Container container -> file.join(container);
            case Iommufd iommufd -> {
                new OldContainer(iommufd).require();
                file.join(iommufd);
            }
            default ->
                    throw new CallFailed(
                            "EBADFD",
                            "%s is neither a container nor an IOMMUFD.".formatted(target));
        }
        return Answer.OK;
    }

    private Answer unsetContainer(Arguments a) throws CallFailed, BadArgument {
        file(a).leaveContainer();
        return Answer.OK;
    }

    private Answer device(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var name = a.word("device");
        var device =
                file.group().devices().stream()
                        .filter(member -> member.name().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new CallFailed(
                                        "ENODEV",
                                        "Group %d has no device '%s' that is bound to a VFIO driver."
                                                .formatted(file.group().groupId(), name)));
        if (!file.hasContainer()) {
            throw new CallFailed(
                    "EINVAL",
                    "Group %d has no container: nothing would keep %s in bounds."
                            .formatted(file.group().groupId(), name));
        }
        var opened =
                new GroupDeviceFile(ledger, files.newHandle("device"), file.opener(), file, device);
        files.add(opened);
        return Answer.OK.with("device_fd", opened.handle());
    }

    private Answer closeDevice(Arguments a) throws CallFailed, BadArgument {
        files.close(files.required(a, "device_fd", GroupDeviceFile.class));
        return Answer.OK;
    }
}
