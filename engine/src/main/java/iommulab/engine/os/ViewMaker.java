package iommulab.engine.os;

import iommulab.engine.os.SoftwareView.Edge;
import iommulab.engine.os.SoftwareView.Fact;
import iommulab.engine.os.SoftwareView.Member;
import iommulab.engine.os.SoftwareView.Node;
import iommulab.engine.os.SoftwareView.Owner;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.iommufd.IoObject;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.PageTable;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.sva.Bond;
import iommulab.engine.os.sva.Bonds;
import iommulab.engine.os.vfio.DeviceFile;
import iommulab.engine.os.vfio.GroupDeviceFile;
import iommulab.engine.os.vfio.LentDevices;
import iommulab.engine.os.vfio.MediatedDevice;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Looks at the kernel and writes down what it sees.
final class ViewMaker {
    private final Processes processes;
    private final LockedPages locked;
    private final OpenFiles files;
    private final Devices devices;
    private final LentDevices lent;
    private final Bonds bonds;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Edge> edges = new ArrayList<>();

    ViewMaker(
            Processes processes,
            LockedPages locked,
            OpenFiles files,
            Devices devices,
            LentDevices lent,
            Bonds bonds) {
        this.processes = processes;
        this.locked = locked;
        this.files = files;
        this.devices = devices;
        this.lent = lent;
        this.bonds = bonds;
    }

    SoftwareView make(boolean proposals, SharedPasids pasids) {
        addProcesses();
        var living = living().values();
        living.forEach(this::add);
        bonds.all().forEach(this::add);
        lent.mediated().forEach(device -> add(device, living));
        return new SoftwareView(
                nodes,
                edges,
                devices.groups().stream().map(this::group).toList(),
                proposals,
                pasids);
    }

    private void addProcesses() {
        for (var process : processes.all()) {
            var facts = new ArrayList<Fact>();
            if (!process.running().get()) {
                facts.add(Fact.of("state", "has exited"));
            }
            facts.add(Fact.of("locked pages", locked.of(process)));
            process.memlockPages()
                    .ifPresent(limit -> facts.add(Fact.of("limit", limit + " pages")));
            int pasid = process.memory().pasid().get();
            if (pasid != 0) {
                facts.add(Fact.of("PASID", pasid));
            }
            facts.addAll(SoftwareView.facts(process.memory()));
            nodes.add(new Node(process.name(), "", "process", 0, 0, 0, facts));
        }
    }

    /// Files that have a descriptor, and those that only other files keep alive, by handle.
    private Map<String, OpenFile> living() {
        var found = new LinkedHashMap<String, OpenFile>();
        var toVisit = new ArrayList<>(files.all());
        while (!toVisit.isEmpty()) {
            var file = toVisit.removeFirst();
            if (found.putIfAbsent(file.handle(), file) == null) {
                file.holds().forEach(held -> toVisit.add(held.file()));
            }
        }
        return found;
    }

    private void add(OpenFile file) {
        nodes.add(
                new Node(
                        file.handle(), "", file.typeName(), 0, file.references(), 0, file.facts()));
        if (files.find(file.handle()).isPresent()) {
            edges.add(new Edge(file.opener().name(), file.handle(), "open"));
        }
        for (var held : file.holds()) {
            edges.add(new Edge(file.handle(), held.key(), held.why()));
            if (held.isObject()) {
                edges.add(new Edge(file.handle(), held.file().handle(), held.why()));
            }
        }
        if (file instanceof Iommufd iommufd) {
            iommufd.objects().forEach(object -> add(iommufd, object));
        }
    }

    private void add(Iommufd file, IoObject object) {
        var key = file.handle() + "/" + object.id();
        int domain = object instanceof PageTable table ? table.domain() : 0;
        nodes.add(
                new Node(
                        key,
                        file.handle(),
                        object.type(),
                        object.id(),
                        object.references(),
                        domain,
                        object.facts()));
        for (var holder : object.holding().entrySet()) {
            addEdge(file, holder.getKey(), key, holder.getValue());
        }
    }

    /// Holders are named as objects of the same file, `HWPT_PAGING 3` or `DEVICE 2 PASID 9`; others, such as
    /// drivers, show through the files that hold the object.
    private void addEdge(Iommufd file, String holder, String key, String why) {
        for (var object : file.objects()) {
            var name = object.toString();
            if (holder.equals(name) || holder.startsWith(name + " ")) {
                var more = holder.substring(name.length()).strip();
                edges.add(
                        new Edge(
                                file.handle() + "/" + object.id(),
                                key,
                                more.isEmpty() ? why : why + ", " + more));
            }
        }
    }

    // ---- what is no file

    private void add(Bond bond) {
        int domain = bonds.domainOf(bond);
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("function", bond.device()));
        facts.add(Fact.of("PASID", bond.pasid()));
        facts.add(Fact.of("process", bond.process()));
        facts.add(Fact.of("group", bond.group().id()));
        if (domain == 0) {
            facts.add(Fact.of("table", "none: the process has exited"));
        }
        nodes.add(new Node(bond.handle(), "", "SVA bond", 0, bond.references(), domain, facts));
        edges.add(new Edge(bond.process().name(), bond.handle(), "bound", bond.references()));
    }

    private void add(MediatedDevice device, Collection<OpenFile> living) {
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("parent", device.parent()));
        device.parent()
                .group()
                .ifPresent(group -> facts.add(Fact.of("group of its parent", group.id())));
        facts.add(Fact.of("group of its own", device.groupId()));
        device.access()
                .get()
                .ifPresent(access -> facts.add(Fact.of("reads and writes by", access.key())));
        nodes.add(new Node(device.name(), "", "mediated device", 0, device.users(), 0, facts));
        for (var file : living) {
            if (uses(file, device)) {
                edges.add(new Edge(file.handle(), device.name(), "open"));
            }
        }
    }

    private static boolean uses(OpenFile file, MediatedDevice device) {
        return switch (file) {
            case DeviceFile own -> own.device() == device && own.bound().isPresent();
            case GroupDeviceFile opened -> opened.device() == device;
            default -> false;
        };
    }

    private SoftwareView.Group group(DeviceGroup group) {
        var owner =
                group.owner().isPresent()
                        ? Owner.USER
                        : group.isUsedByKernel() ? Owner.KERNEL : Owner.NOBODY;
        return new SoftwareView.Group(
                group.id(),
                owner,
                group.owner().map(OpenFile::handle).orElse(""),
                group.ownerCount(),
                group.use(),
                group.domain(),
                group.defaultType(),
                owner != Owner.KERNEL,
                group.members().stream()
                        .map(member ->
                                new Member(
                                        member.address(),
                                        member.name(),
                                        member.driver(),
                                        Devices.claims(member.driver()),
                                        member.isOpen()))
                        .toList());
    }
}
