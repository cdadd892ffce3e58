package iommulab.engine.os.iommufd;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.IommuCore;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// One open `/dev/iommu`: a set of numbered objects, and how locked memory is billed. Source: kernel
/// `struct iommufd_ctx`.
public final class Iommufd extends OpenFile {
    private final Ledger ledger;
    private final IommuCore core;
    private final Book<Integer, IoObject> objects;
    private final Book<Integer, Boolean> deadNumbers;
    private final Book<String, GroupAttachments> groups;
    private final Cell<Boolean> billsProcess;
    private final Cell<Integer> compatIoas;

    public Iommufd(Ledger ledger, IommuCore core, String handle, Process opener) {
        super(ledger, handle, opener);
        this.ledger = ledger;
        this.core = core;
        objects = new Book<>(ledger);
        deadNumbers = new Book<>(ledger);
        groups = new Book<>(ledger);
        billsProcess = new Cell<>(ledger, false);
        compatIoas = new Cell<>(ledger, 0);
    }

    @Override
    public String kind() {
        return "iommufd";
    }

    Ledger ledger() {
        return ledger;
    }

    IommuCore core() {
        return core;
    }

    // ---- objects

    /// By number.
    public Collection<IoObject> objects() {
        return objects.all().values();
    }

    public Optional<IoObject> find(int id) {
        return objects.find(id);
    }

    int freeId() {
        int id = 1;
        while (objects.has(id) || deadNumbers.has(id)) {
            id++;
        }
        return id;
    }

    void add(IoObject object) {
        objects.set(object.id(), object);
    }

    void remove(IoObject object) {
        objects.remove(object.id());
        if (compatIoas.get() == object.id()) {
            compatIoas.set(0);
        }
    }

    /// A number that is never given again, though its object is gone: its user still believes in it.
    void bury(int id) {
        deadNumbers.set(id, true);
    }

    /// The object of a number and kind.
    ///
    /// @throws CallFailed (ENOENT) if there is none, or it is of another kind
    public <T> T require(long id, Class<T> kind) throws CallFailed {
        var object = id == (int) id ? objects.find((int) id) : Optional.<IoObject>empty();
        if (object.isEmpty()) {
            throw new CallFailed(
                    "ENOENT", "%s has no object %s.".formatted(this, Long.toUnsignedString(id)));
        }
        if (!kind.isInstance(object.get())) {
            throw new CallFailed(
                    "ENOENT",
                    "Object %d of %s is a %s; a number of another kind counts as absent."
                            .formatted(id, this, object.get().type()));
        }
        return kind.cast(object.get());
    }

    /// The object of an argument.
    public <T> T require(Arguments arguments, String argument, Class<T> kind)
            throws CallFailed, BadArgument {
        return require(arguments.number(argument), kind);
    }

    /// What is attached in a group through this file.
    GroupAttachments attachments(BoundDevice device) {
        var key = key(device.group());
        var known = groups.find(key);
        if (known.isPresent()) {
            return known.get();
        }
        var made = new GroupAttachments(ledger, device.group());
        groups.set(key, made);
        return made;
    }

    private static String key(DeviceGroup group) {
        return "group " + group.id();
    }

    /// The same of a group of which perhaps nothing is bound here.
    Optional<GroupAttachments> attachmentsOf(DeviceGroup group) {
        return groups.find(key(group));
    }

    // ---- options

    /// Whether locked pages are billed to the process that maps; else to its user.
    public Cell<Boolean> billsProcess() {
        return billsProcess;
    }

    /// Number of the address space that stands for a container of the old interface, 0 if none.
    public Cell<Integer> compatIoas() {
        return compatIoas;
    }

    @Override
    public String typeName() {
        return "IOMMUFD";
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("bills", billsProcess.get() ? "the process" : "its user"),
                SoftwareView.Fact.of(
                        "stands for a container",
                        compatIoas.get() == 0 ? "no address space" : "IOAS " + compatIoas.get()));
    }

    /// The file is closed for good: everything goes, what nobody holds first.
    @Override
    protected void release() {
        try {
            while (!objects.isEmpty()) {
                destroyFree();
            }
        } catch (CallFailed failed) {
            throw new IllegalStateException("closing " + this, failed);
        }
    }

    private void destroyFree() throws CallFailed {
        for (var object : new ArrayList<>(objects.all().descendingMap().values())) {
            if (!object.isHeld()) {
                object.destroy();
                return;
            }
        }
        throw new IllegalStateException(
                "objects of %s hold each other: %s".formatted(this, objects.all()));
    }
}
