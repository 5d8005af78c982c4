// The only file that knows Python: checks shapes, releases the GIL, and gives errors their names.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "kernels/activity.hpp"
#include "kernels/bars.hpp"
#include "kernels/cross_fold.hpp"
#include "kernels/indicators.hpp"
#include "kernels/session_bars.hpp"
#include "kernels/session_quotes.hpp"
#include "kernels/signals.hpp"

namespace py = pybind11;
using kernels::Byte;
using kernels::Int;
template <class T>
using Column = py::array_t<T, py::array::c_style>;

namespace {

[[noreturn]] void raise(const char* error, const std::string& message) {
    const auto type = py::module_::import("spark_apps.errors").attr(error);
    PyErr_SetString(type.ptr(), message.c_str());
    throw py::error_already_set();
}

[[noreturn]] void raise_misfit(std::int32_t key, const std::string& what) {
    raise("StateMismatch", "state section " + std::to_string(key) + ": " + what +
                               ". Start a new generation (settings live.generation) or seed anew");
}

// Gives a vector to NumPy without a copy.
template <class T>
Column<T> as_array(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    const py::capsule owner(kept, [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); });
    return Column<T>(static_cast<py::ssize_t>(kept->size()), kept->data(), owner);
}

template <class First, class... Rest>
std::size_t rows_of(const char* what, const First& first, const Rest&... rest) {
    const bool is_flat = first.ndim() == 1 && (... && (rest.ndim() == 1));
    if (!is_flat || !(... && (rest.size() == first.size()))) {
        raise("SchemaMismatch", std::string(what) + ": columns must be flat and of equal length");
    }
    return static_cast<std::size_t>(first.size());
}

void check_parameter(const char* name, Int value, Int low) {
    if (value < low || value > kernels::PARAMETER_LIMIT) {
        raise("BadSetting", std::string("bar fold: ") + name + " is " + std::to_string(value) +
                                "; it must be between " + std::to_string(low) + " and 2^60. Mend [live] in conf");
    }
}

void check_look_back(const char* name, Int minutes) {
    if (minutes >= 1 && minutes <= kernels::LONGEST_LOOK_BACK) return;
    raise("BadSetting", std::string("cross_section: ") + name + " is " + std::to_string(minutes) +
                            "; it must be between 1 and " + std::to_string(kernels::LONGEST_LOOK_BACK) + " minutes");
}

py::list as_list(const std::map<std::int32_t, std::vector<Byte>>& sections) {
    py::list listed;
    for (const auto& [key, bytes] : sections) {
        listed.append(py::make_tuple(key, py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
    }
    return listed;
}

kernels::Sections as_sections(const py::iterable& listed) {
    kernels::Sections sections;
    for (const auto& section : listed) {
        const auto pair = section.cast<py::sequence>();
        sections[pair[0].cast<std::int32_t>()] = static_cast<std::string>(py::bytes(pair[1]));
    }
    return sections;
}

void check_cut(const char* what, py::ssize_t count, const Column<Byte>& data, const Column<Int>& bounds) {
    bool fits = count >= 0 && data.ndim() == 1 && bounds.ndim() == 1 && bounds.size() == count + 1;
    fits = fits && bounds.data()[0] >= 0 && bounds.data()[count] <= data.size();
    fits = fits && std::is_sorted(bounds.data(), bounds.data() + bounds.size());
    if (fits) return;
    raise("SchemaMismatch", std::string(what) + ": bounds of " + std::to_string(count) + " records do not cut " +
                                std::to_string(data.size()) + " bytes of data");
}

void refuse_unknown(const kernels::Problem& name) {
    if (!name) return;
    raise("SchemaMismatch",
          "indicators: '" + *name + "' is no indicator, or is asked for twice. See spark_apps/tables/indicators.py");
}

class BarFold {
  public:
    BarFold(Int width, Int lateness, Int ahead, Int tail_limit, std::int32_t generation, std::int32_t partition,
            const std::vector<std::string>& indicators)
        : fold_({width, lateness, ahead, tail_limit}, indicators, generation, partition, unknown_) {
        refuse_unknown(unknown_);
        check_parameter("width", width, 1);
        check_parameter("lateness", lateness, 0);
        check_parameter("ahead", ahead, 0);
        check_parameter("tail_limit", tail_limit, 1);
    }

    py::tuple apply(const Column<Int>& offsets, const Column<Byte>& data, const Column<Int>& bounds) {
        check_places(offsets, data, bounds);
        kernels::Output output;
        {
            const py::gil_scoped_release release;
            for (py::ssize_t i = 0; i < offsets.size(); ++i) {
                const Int start = bounds.data()[i];
                const auto size = static_cast<std::size_t>(bounds.data()[i + 1] - start);
                fold_.apply(offsets.data()[i], data.data() + start, size, output);
            }
        }
        return py::make_tuple(as_array(std::move(output.data)), as_array(std::move(output.bounds)));
    }

    py::list touched() { return as_list(fold_.touched()); }

    void restore(const py::iterable& sections) {
        if (const auto misfit = fold_.restore(as_sections(sections))) raise_misfit(misfit->first, misfit->second);
    }

  private:
    static void check_places(const Column<Int>& offsets, const Column<Byte>& data, const Column<Int>& bounds) {
        check_cut("fold_input", offsets.ndim() == 1 ? offsets.size() : -1, data, bounds);
        const auto* last = offsets.data() + offsets.size();
        if (std::adjacent_find(offsets.data(), last, std::greater_equal<Int>()) != last) {
            raise("SchemaMismatch",
                  "fold_input: offsets do not rise. Sort the records of a partition by offset before apply");
        }
    }

    kernels::Problem unknown_;
    kernels::BarFold fold_;
};

class CrossFold {
  public:
    CrossFold(Int partitions, Int width, Int lateness, Int move, Int window, std::int32_t generation)
        : fold_(checked({partitions, width, lateness, move, window}), generation) {}

    // Beside the records, the place of the record that each was given at.
    py::tuple apply(const Column<Byte>& data, const Column<Int>& bounds) {
        const py::ssize_t count = bounds.size() - 1;
        check_cut("fold_output", std::max<py::ssize_t>(count, 0), data, bounds);
        kernels::Output output;
        std::vector<Int> places;
        {
            const py::gil_scoped_release release;
            for (py::ssize_t i = 0; i < count; ++i) {
                const Int start = bounds.data()[i];
                fold_.apply(data.data() + start, static_cast<std::size_t>(bounds.data()[i + 1] - start), output);
                places.resize(output.bounds.size() - 1, i);
            }
        }
        return py::make_tuple(as_array(std::move(output.data)), as_array(std::move(output.bounds)),
                              as_array(std::move(places)));
    }

    py::list touched() { return as_list(fold_.touched()); }

    void restore(const py::iterable& sections) {
        if (const auto misfit = fold_.restore(as_sections(sections))) raise_misfit(misfit->first, misfit->second);
    }

  private:
    static kernels::CrossParameters checked(kernels::CrossParameters parameters) {
        check_parameter("width", parameters.width, 1);
        check_parameter("lateness", parameters.lateness, 0);
        if (parameters.partitions < 1) {
            raise("BadSetting", "second fold: partitions is " + std::to_string(parameters.partitions) +
                                    "; it must be at least 1. Mend [kafka] in conf");
        }
        check_look_back("move", parameters.move);
        check_look_back("window", parameters.window);
        return parameters;
    }

    kernels::CrossFold fold_;
};

py::dict fold_bars(const Column<std::int32_t>& instrument_id, const Column<Int>& event_time,
                   const Column<Int>& source_seq, const Column<Int>& price, const Column<Int>& quantity, Int width) {
    const auto size = rows_of("fold_bars", instrument_id, event_time, source_seq, price, quantity);
    check_parameter("width", width, 1);
    const kernels::TradeColumns trades{instrument_id.data(), event_time.data(), source_seq.data(),
                                       price.data(),         quantity.data(),   size};
    kernels::SessionBars bars(width);
    std::size_t row;
    {
        const py::gil_scoped_release release;
        row = bars.fold(trades);
    }
    if (row < size) {
        const auto text = [row](const auto* values) { return std::to_string(values[row]); };
        raise("RuleViolated", "fold_bars: row " + std::to_string(row) + " is no trade: instrument " +
                                  text(trades.instrument_id) + ", time " + text(trades.event_time) + ", price " +
                                  text(trades.price) + ", quantity " + text(trades.quantity) +
                                  ". Set such rows aside before folding");
    }
    py::dict columns;
    Column<std::int32_t> ids(static_cast<py::ssize_t>(bars.size()));
    columns["instrument_id"] = ids;
    const auto add = [&](const char* name) {
        Column<Int> column(static_cast<py::ssize_t>(bars.size()));
        columns[name] = column;
        return column.mutable_data();
    };
    kernels::BarColumns out{ids.mutable_data(), add("bar_start"), add("open"),  add("high"),        add("low"),
                            add("close"),       add("volume"),    add("value"), add("trade_count"), add("available_at")};
    const py::gil_scoped_release release;
    bars.write(out);
    return columns;
}

class IndicatorFold {
  public:
    explicit IndicatorFold(const std::vector<std::string>& names) : fold_(names, unknown_) {
        refuse_unknown(unknown_);
    }

    py::tuple apply(const Column<std::int32_t>& instrument_id, const Column<double>& open, const Column<double>& high,
                    const Column<double>& low, const Column<double>& close, const Column<Int>& volume) {
        const auto size = rows_of("indicators", instrument_id, open, high, low, close, volume);
        const kernels::PriceColumns rows{instrument_id.data(), open.data(),   high.data(), low.data(),
                                         close.data(),         volume.data(), size};
        const auto bad = kernels::IndicatorFold::first_bad(rows);
        if (bad < size) {
            const auto text = [bad](const auto* values) { return std::to_string(values[bad]); };
            raise("RuleViolated", "indicators: row " + std::to_string(bad) + ", open " + text(rows.open) + ", high " +
                                      text(rows.high) + ", low " + text(rows.low) + ", close " + text(rows.close) +
                                      ": not finite. Set such rows aside before folding");
        }
        const auto count = static_cast<py::ssize_t>(size), width = static_cast<py::ssize_t>(fold_.width());
        py::array_t<double, py::array::f_style> values({count, width});
        Column<Int> opening(count), closing(count);
        auto *values_out = values.mutable_data();
        auto *opening_out = opening.mutable_data(), *closing_out = closing.mutable_data();
        {
            const py::gil_scoped_release release;
            fold_.apply(rows, values_out, opening_out, closing_out);
        }
        return py::make_tuple(values, opening, closing);
    }

    py::bytes state(std::int32_t instrument_id) const {
        const auto bytes = fold_.state(instrument_id);
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

    void restore(std::int32_t instrument_id, const py::bytes& state) {
        const auto problem = fold_.restore(instrument_id, static_cast<std::string>(state));
        if (problem) raise_misfit(instrument_id, *problem);
    }

  private:
    kernels::Problem unknown_;
    kernels::IndicatorFold fold_;
};

// The QUOTED rows of a session's bars, side by side as bytes.
Column<Byte> quotes_of(const Column<std::int32_t>& instrument_id, const Column<Int>& event_time, const Column<Int>& price,
                       const Column<Int>& quantity, const Column<Byte>& quotes, Int width) {
    const auto size = rows_of("quotes_of", instrument_id, event_time, price, quantity);
    check_parameter("width", width, 1);
    if (quotes.ndim() != 1 || quotes.size() % static_cast<py::ssize_t>(sizeof(kernels::QuoteEntry)) != 0) {
        raise("SchemaMismatch", "quotes_of: quotes must be the bytes of QUOTE rows");
    }
    std::vector<kernels::QuoteEntry> entries(static_cast<std::size_t>(quotes.size()) / sizeof(kernels::QuoteEntry));
    if (!entries.empty()) std::memcpy(entries.data(), quotes.data(), static_cast<std::size_t>(quotes.size()));
    const kernels::SessionTrades trades{instrument_id.data(), event_time.data(), price.data(), quantity.data(), size};
    const auto refuse = [](const char* what, std::size_t row) {
        raise("RuleViolated", std::string("quotes_of: ") + what + ' ' + std::to_string(row) +
                                  " is none that follows the one before it. Set bad rows aside, and sort the rest by "
                                  "instrument and time first");
    };
    if (const auto row = kernels::first_misplaced(trades); row < size) refuse("trade", row);
    if (const auto row = kernels::first_misplaced(entries); row < entries.size()) refuse("quote", row);
    std::vector<Byte> bytes;
    {
        const py::gil_scoped_release release;
        const auto rows = kernels::quotes_of(trades, entries, width);
        kernels::append(bytes, rows.data(), rows.size());
    }
    return as_array(std::move(bytes));
}

// The SIGNAL rows of bars, side by side as bytes.
Column<Byte> signals_of(const std::vector<std::string>& bodies, const Column<std::int32_t>& instrument_id,
                        const Column<std::int32_t>& session_date, const Column<Int>& bar_start,
                        const Column<double>& inputs, Int width, std::uint32_t reads) {
    const auto size = rows_of("signals", instrument_id, session_date, bar_start);
    check_parameter("width", width, 1);
    if (inputs.ndim() != 2 || static_cast<std::size_t>(inputs.shape(0)) != size) {
        raise("SchemaMismatch", "signals: the numbers of bars must be a matrix with a row per bar");
    }
    const auto columns = static_cast<std::size_t>(inputs.shape(1));
    kernels::Books books;
    for (const auto& body : bodies) {
        auto book = kernels::Book::read(reinterpret_cast<const Byte*>(body.data()), body.size(), columns);
        const bool fits = book && book->head().reads == reads &&
                          (reads == kernels::OF_BAR || columns == kernels::STANDING_NUMBERS);
        if (!fits) raise("SchemaMismatch", "signals: a book does not fit " + std::to_string(columns) + " numbers per bar");
        books.put(std::move(*book));
    }
    const kernels::BarRows bars{instrument_id.data(), session_date.data(), bar_start.data(),
                                inputs.data(),        size,                columns};
    std::vector<Byte> bytes;
    {
        const py::gil_scoped_release release;
        const auto rows = kernels::signals_of(books, bars, width, reads);
        kernels::append(bytes, rows.data(), rows.size());
    }
    return as_array(std::move(bytes));
}

// Where the bars of each instrument end that are filled by amounts.
py::tuple bar_ends(const Column<std::int32_t>& instrument_id, const Column<Int>& amount, Int size) {
    const auto count = rows_of("bar_ends", instrument_id, amount);
    if (size < 1 || size > kernels::PARAMETER_LIMIT) {
        raise("BadSetting", "bar_ends: size is " + std::to_string(size) +
                                "; it must be between 1 and 2^60. Mend [bar_sizes] in conf");
    }
    const auto row = kernels::first_unusable(instrument_id.data(), amount.data(), count);
    if (row < count) {
        raise("RuleViolated", "bar_ends: row " + std::to_string(row) + " is no trade: instrument " +
                                  std::to_string(instrument_id.data()[row]) + ", amount " +
                                  std::to_string(amount.data()[row]) +
                                  ". Sort the trades of a session by instrument first");
    }
    kernels::BarEnds made;
    {
        const py::gil_scoped_release release;
        made = kernels::bar_ends(instrument_id.data(), amount.data(), count, size);
    }
    return py::make_tuple(as_array(std::move(made.ends)), as_array(std::move(made.full)));
}

// How the bars of one session, by (bar_start, instrument_id), stand among those of other instruments.
py::dict cross_section(const Column<std::int32_t>& instrument_id, const Column<Int>& bar_start,
                       const Column<Int>& close, const Column<Int>& value, Int move, Int window) {
    const auto size = rows_of("cross_section", instrument_id, bar_start, close, value);
    check_look_back("move", move);
    check_look_back("window", window);
    const auto row = kernels::first_misplaced(instrument_id.data(), bar_start.data(), close.data(), value.data(), size);
    if (row < size) {
        const auto text = [row](const auto& column) { return std::to_string(column.data()[row]); };
        raise("RuleViolated", "cross_section: row " + std::to_string(row) + " is no bar after the one before it: instrument " +
                                  text(instrument_id) + ", start " + text(bar_start) + ", close " + text(close) +
                                  ", value " + text(value) + ". Sort the bars of one session by start and instrument first");
    }
    std::vector<kernels::Standing> made(size);
    {
        const py::gil_scoped_release release;
        kernels::CrossSection stage(move, window);
        for (std::size_t first = 0, last = 0; first < size; first = last) {
            while (last < size && bar_start.data()[last] == bar_start.data()[first]) ++last;
            stage.close(instrument_id.data() + first, close.data() + first, value.data() + first, last - first, &made[first]);
        }
    }
    py::dict columns;
    Column<std::int32_t> peers(static_cast<py::ssize_t>(size));
    std::transform(made.begin(), made.end(), peers.mutable_data(),
                   [](const auto& each) { return static_cast<std::int32_t>(each.peers); });
    columns["peers"] = peers;
    const auto add = [&](const char* name, double kernels::Standing::*member) {
        Column<double> column(static_cast<py::ssize_t>(size));
        std::transform(made.begin(), made.end(), column.mutable_data(), [&](const auto& each) { return each.*member; });
        columns[name] = column;
    };
    add("move", &kernels::Standing::move);
    add("move_rank", &kernels::Standing::move_rank);
    add("value_rank", &kernels::Standing::value_rank);
    add("correlation", &kernels::Standing::correlation);
    add("beta", &kernels::Standing::beta);
    return columns;
}

// Name, warm-up rows, and of its group the words of state and the rows of past, for every indicator in order.
py::list indicator_outputs() {
    py::list outputs;
    for (const auto& group : kernels::all_groups()) {
        for (int k = 0; k < group.count; ++k) {
            outputs.append(py::make_tuple(group.outputs[k].name, group.outputs[k].warm_up, group.words, group.back));
        }
    }
    return outputs;
}

}  // namespace

PYBIND11_MODULE(_native, module) {
    module.doc() = "The C++ kernels; spark_apps.kernels is their face, reference.py says what they mean.";
    py::class_<BarFold>(module, "BarFold")
        .def(py::init<Int, Int, Int, Int, std::int32_t, std::int32_t, const std::vector<std::string>&>(), py::arg("width"),
             py::arg("lateness"), py::arg("ahead"), py::arg("tail_limit"), py::arg("generation"), py::arg("partition"),
             py::arg("indicators") = std::vector<std::string>{})
        .def("apply", &BarFold::apply, py::arg("offsets"), py::arg("data"), py::arg("bounds"))
        .def("touched", &BarFold::touched)
        .def("restore", &BarFold::restore, py::arg("sections"));
    py::class_<IndicatorFold>(module, "IndicatorFold")
        .def(py::init<const std::vector<std::string>&>(), py::arg("names"))
        .def("apply", &IndicatorFold::apply, py::arg("instrument_id"), py::arg("open_price"), py::arg("high"), py::arg("low"),
             py::arg("close"), py::arg("volume"))
        .def("state", &IndicatorFold::state, py::arg("instrument_id"))
        .def("restore", &IndicatorFold::restore, py::arg("instrument_id"), py::arg("state"));
    py::class_<CrossFold>(module, "CrossFold")
        .def(py::init<Int, Int, Int, Int, Int, std::int32_t>(), py::arg("partitions"), py::arg("width"), py::arg("lateness"),
             py::arg("move"), py::arg("window"), py::arg("generation"))
        .def("apply", &CrossFold::apply, py::arg("data"), py::arg("bounds"))
        .def("touched", &CrossFold::touched)
        .def("restore", &CrossFold::restore, py::arg("sections"));
    module.def("indicator_outputs", &indicator_outputs);
    module.def("quotes_of", &quotes_of, py::arg("instrument_id"), py::arg("event_time"), py::arg("price"),
               py::arg("quantity"), py::arg("quotes"), py::arg("width"));
    module.def("signals_of", &signals_of, py::arg("books"), py::arg("instrument_id"), py::arg("session_date"),
               py::arg("bar_start"), py::arg("inputs"), py::arg("width"), py::arg("reads"));
    module.def("bar_ends", &bar_ends, py::arg("instrument_id"), py::arg("amount"), py::arg("size"));
    module.def("cross_section", &cross_section, py::arg("instrument_id"), py::arg("bar_start"), py::arg("close"),
               py::arg("value"), py::arg("move"), py::arg("window"));
    module.def("fold_bars", &fold_bars, py::arg("instrument_id"), py::arg("event_time"), py::arg("source_seq"),
               py::arg("price"), py::arg("quantity"), py::arg("width"));
}
