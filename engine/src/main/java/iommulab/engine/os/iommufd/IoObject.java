package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;

import java.util.List;
import java.util.SortedMap;

/// Something with a number in an IOMMUFD. Whoever needs it holds it; while somebody does, a user cannot
/// destroy it. Source: kernel `struct iommufd_object`.
public abstract class IoObject {
    private final Iommufd file;
    private final int id;
    private final Book<String, String> holders;

    /// Takes the lowest free number at once, so that what a subclass makes comes behind it.
    @SuppressWarnings("this-escape") // the file only keeps it
    protected IoObject(Iommufd file) {
        this.file = file;
        id = file.freeId();
        holders = new Book<>(file.ledger());
        file.add(this);
    }

    public final Iommufd file() {
        return file;
    }

    /// Its number, from 1.
    public final int id() {
        return id;
    }

    /// What it is, such as `IOAS`.
    public abstract String type();

    /// Who holds it, and what for; in a fixed order.
    public final List<String> holders() {
        return holders.all().entrySet().stream()
                .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
                .toList();
    }

    /// Who holds it, each with the reason.
    public final SortedMap<String, String> holding() {
        return holders.all();
    }

    /// Name of it among all objects of the kernel, such as `iommufd1/3`.
    public final String key() {
        return file.handle() + "/" + id;
    }

    /// What there is to say of it, in order.
    public List<SoftwareView.Fact> facts() {
        return List.of();
    }

    public final boolean isHeld() {
        return !holders.isEmpty();
    }

    /// How many hold it.
    public final int references() {
        return holders.size();
    }

    /// @param who its name among the holders, one for each reason
    /// @param why in a word or two
    public final void hold(String who, String why) {
        if (holders.has(who)) {
            throw new IllegalStateException(who + " holds " + this + " already");
        }
        holders.set(who, why);
    }

    public final void release(String who) {
        if (!holders.has(who)) {
            throw new IllegalStateException(who + " does not hold " + this);
        }
        holders.remove(who);
    }

    /// A user wants to be rid of it.
    ///
    /// @throws CallFailed (EBUSY) somebody holds it
    void destroyByUser() throws CallFailed {
        if (isHeld()) {
            throw new CallFailed(
                    "EBUSY", "%s is in use by %s.".formatted(this, String.join(", ", holders())));
        }
        destroy();
    }

    /// Takes it away with what it has; nobody may hold it.
    final void destroy() throws CallFailed {
        end();
        file.remove(this);
    }

    /// Gives back what it holds itself.
    protected abstract void end() throws CallFailed;

    @Override
    public final String toString() {
        return type() + " " + id;
    }
}
