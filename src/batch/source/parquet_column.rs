//! A column of a Parquet table as a part of inputs: whether it can be one, and
//! what stands in it.

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::data_type::AsBytes;
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::Type;

use super::parquet_fault::ParquetFault;
use crate::remedy::{ColumnContent, InputColumn};

/// How the values of a column become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// They are text.
    Text,
    Signed,
    Unsigned,
    /// As Python writes them: `1.0`.
    Float,
    Boolean,
    Uuid,
    /// There is none in any row.
    Nothing,
}

/// What is in a column.
pub(super) fn content(field: &Type) -> std::result::Result<Form, ColumnContent> {
    let info = field.get_basic_info();
    let is_repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    if field.is_group() {
        return Err(match is_repeated {
            true => list_of(field),
            false => group(field),
        });
    }
    if is_repeated {
        return Err(ColumnContent::Lists);
    }
    let logical = info.logical_type_ref();
    let converted = info.converted_type();
    match (field.get_physical_type(), logical, converted) {
        (_, Some(LogicalType::Unknown), _) => Ok(Form::Nothing),
        (_, Some(LogicalType::Decimal(_)), _) | (_, _, ConvertedType::DECIMAL) => {
            Err(ColumnContent::Decimals)
        }
        (
            Physical::BYTE_ARRAY,
            None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json),
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON,
        ) => Ok(Form::Text),
        (Physical::BYTE_ARRAY, _, _) => Err(ColumnContent::Bytes),
        (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid), _) => Ok(Form::Uuid),
        (Physical::FIXED_LEN_BYTE_ARRAY, _, _) => Err(ColumnContent::Bytes),
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(kind)), _) => {
            Ok(match kind.is_signed {
                true => Form::Signed,
                false => Form::Unsigned,
            })
        }
        (
            Physical::INT32 | Physical::INT64,
            None,
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64,
        ) => Ok(Form::Signed),
        (
            Physical::INT32 | Physical::INT64,
            None,
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64,
        ) => Ok(Form::Unsigned),
        (Physical::INT32 | Physical::INT64 | Physical::INT96, _, _) => Err(ColumnContent::Times),
        (Physical::FLOAT | Physical::DOUBLE, _, _) => Ok(Form::Float),
        (Physical::BOOLEAN, _, _) => Ok(Form::Boolean),
    }
}

/// What is in a field that has others.
fn group(field: &Type) -> ColumnContent {
    let info = field.get_basic_info();
    let is_list = matches!(info.logical_type_ref(), Some(LogicalType::List))
        || info.converted_type() == ConvertedType::LIST;
    let is_map = matches!(info.logical_type_ref(), Some(LogicalType::Map))
        || matches!(
            info.converted_type(),
            ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE
        );
    match (is_list, is_map) {
        (true, _) => field
            .get_fields()
            .first()
            .map_or(ColumnContent::Lists, |middle| list_of(middle)),
        (_, true) => ColumnContent::Maps,
        (false, false) => ColumnContent::Records {
            field: first_text(field),
        },
    }
}

/// What a list holds whose repeated field this is: elements, or what is around
/// each of them.
fn list_of(repeated: &Type) -> ColumnContent {
    let element = match repeated.is_group() {
        true if repeated.get_fields().len() == 1 => repeated.get_fields().first(),
        true | false => None,
    };
    let element = element.map_or(repeated, |element| element.as_ref());
    match element.is_group() {
        true => ColumnContent::ListsOfRecords {
            field: first_text(element),
        },
        false => ColumnContent::Lists,
    }
}

/// The field of a record that most likely holds its text: the last of those that
/// can, since names and roles stand first.
fn first_text(record: &Type) -> Option<String> {
    let mut texts = record
        .get_fields()
        .iter()
        .filter(|field| content(field) == Ok(Form::Text));
    texts.next_back().map(|field| field.name().to_owned())
}

/// How a column becomes this part of inputs; `None` where it has no value at all.
pub(super) fn form(
    column: InputColumn,
    field: &Type,
) -> std::result::Result<Option<Form>, ParquetFault> {
    let found = content(field);
    let refused = |expected, content| {
        Err(ParquetFault::Column {
            column,
            name: field.name().to_owned(),
            expected,
            content,
        })
    };
    match (column, found) {
        (InputColumn::Text | InputColumn::Pair | InputColumn::Id, Ok(Form::Text)) => {
            Ok(Some(Form::Text))
        }
        (InputColumn::Pair | InputColumn::Id, Ok(Form::Nothing)) => Ok(None),
        (InputColumn::Id, Ok(form)) => Ok(Some(form)),
        (InputColumn::Id, Err(content)) => refused("ids that are texts or numbers", content),
        (InputColumn::Text | InputColumn::Pair, Err(content)) => refused("texts", content),
        (InputColumn::Text | InputColumn::Pair, Ok(form)) => refused(
            "texts",
            match form {
                Form::Text | Form::Nothing => ColumnContent::Nothing,
                Form::Signed | Form::Unsigned | Form::Float => ColumnContent::Numbers,
                Form::Boolean => ColumnContent::Booleans,
                Form::Uuid => ColumnContent::Identifiers,
            },
        ),
    }
}

/// The next value of a column, as its bytes; `None` where it is null.
pub(super) fn next(reader: &mut ColumnReader, form: Form) -> Result<Option<Vec<u8>>> {
    // One at a time: pages are held as they are, and what a value takes beyond
    // its page is freed before the next.
    macro_rules! next {
        ($reader:expr) => {{
            let (mut levels, mut values) = (Vec::new(), Vec::new());
            let (rows, ..) = $reader.read_records(1, Some(&mut levels), None, &mut values)?;
            if rows == 0 {
                return Err(ParquetError::General(
                    "a column has fewer values than there are rows".to_owned(),
                ));
            }
            values.pop()
        }};
    }
    let is_unsigned = form == Form::Unsigned;
    let text = match reader {
        ColumnReader::ByteArrayColumnReader(reader) => {
            return Ok(next!(reader).map(|value| value.as_bytes().to_vec()));
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            next!(reader).map(|value| uuid(value.as_bytes()))
        }
        ColumnReader::Int32ColumnReader(reader) => next!(reader).map(|value| match is_unsigned {
            true => value.cast_unsigned().to_string(),
            false => value.to_string(),
        }),
        ColumnReader::Int64ColumnReader(reader) => next!(reader).map(|value| match is_unsigned {
            true => value.cast_unsigned().to_string(),
            false => value.to_string(),
        }),
        ColumnReader::BoolColumnReader(reader) => next!(reader).map(|value| value.to_string()),
        ColumnReader::FloatColumnReader(reader) => next!(reader).map(|value| format!("{value:?}")),
        ColumnReader::DoubleColumnReader(reader) => next!(reader).map(|value| format!("{value:?}")),
        ColumnReader::Int96ColumnReader(reader) => next!(reader).map(|value| value.to_string()),
    };
    Ok(text.map(String::into_bytes))
}

/// As everybody writes it: 8-4-4-4-12 digits.
fn uuid(bytes: &[u8]) -> String {
    let digits = crate::digest::hexadecimal(bytes);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
