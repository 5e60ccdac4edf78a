"""Head scores of a table of texts, on Apache Spark.

    spark-submit examples/spark.py texts.parquet scores --model builtin

Reads a table with a column of texts (and perhaps ids and second texts) from
Parquet, and writes into the folder OUTPUT

- `scores.parquet`: a row for each input, layer and head, with a column for each
  score; an input that failed is one row, with its `error` and `hint`;
- `heads.parquet`: for each layer, head and score the mean over all inputs, the
  standard deviation (of a sample) and how many inputs have a value, as Spark
  aggregates them.

Each partition starts one `attnviz scores - --stream`, which loads the model once
and answers line by line. The program has to be on the PATH of every worker, or
be sent along: spark-submit --files ./attnviz examples/spark.py ...

Needs PySpark 3.4 or newer and PyArrow. What attnviz says on standard error is in
the logs of the executors. The exit code is 0 where single inputs failed: their
number is printed, and their rows say why.
"""

import argparse
import json
import os
import shutil
import stat
import subprocess
import sys
import threading

import pyarrow
from pyspark import SparkFiles
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SCORES = [
    'entropy', 'entropy_normalized', 'prev', 'self', 'next', 'cls', 'sep', 'punct', 'punctuation',
    'distance', 'confidence', 'duplicate_token', 'previous_token', 'induction', 'segment',
    'received_max', 'sink_share', 'offset_share_minus_2', 'offset_share_minus_1',
    'offset_share_0', 'offset_share_plus_1', 'offset_share_plus_2',
]

SCHEMA = pyarrow.schema(
    [('id', pyarrow.string()), ('tokens', pyarrow.int32()), ('layer', pyarrow.int32()), ('head', pyarrow.int32())]
    + [(name, pyarrow.float32()) for name in SCORES]
    + [('received_unit', pyarrow.int32()), ('error', pyarrow.string()), ('hint', pyarrow.string())]
)

SPARK_TYPES = {pyarrow.string(): 'string', pyarrow.int32(): 'int', pyarrow.float32(): 'float'}
SPARK_SCHEMA = ', '.join(f'`{field.name}` {SPARK_TYPES[field.type]}' for field in SCHEMA)

# So many answers become rows at once: of a model with 144 heads some 10 MB.
ANSWERS_AT_ONCE = 32


class Attnviz:
    """One process that answers a line with a line, however many there are."""

    def __init__(self, program, arguments):
        command = [find(program), 'scores', '-', '--stream', *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answers(self, inputs):
        """The answers to some inputs, in their order.

        A thread writes while this one reads: a pipe holds only so much, and
        each side would wait for the other.
        """
        writer = threading.Thread(target=self.write, args=[inputs], daemon=True)
        writer.start()
        for sent in inputs:
            line = self.process.stdout.readline()
            if not line.endswith(b'\n'):
                raise RuntimeError(f'attnviz ended with exit code {self.end()} before it had answered; '
                                   'what it said is on standard error of this executor')
            answer = json.loads(line)
            if sent.get('id') is not None and answer['id'] != sent['id']:
                raise RuntimeError(f'expected the answer to {sent["id"]!r}, found that to {answer["id"]!r}')
            yield answer
        writer.join()

    def write(self, inputs):
        try:
            for each in inputs:
                self.process.stdin.write(json.dumps(each).encode() + b'\n')
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            # It has ended, which the reader notices and reports.
            pass

    def end(self):
        """Closes standard input, and returns the exit code."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.process.wait()

    def kill(self):
        """For a task that is not wanted any more."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def find(program):
    """Where the program is: on the PATH, or among the files sent along."""
    sent = SparkFiles.get(os.path.basename(program))
    if os.path.isfile(sent):
        os.chmod(sent, os.stat(sent).st_mode | stat.S_IXUSR)
        return sent
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(f'{program} is not on the PATH of this worker; send it along with --files, or name it with --attnviz')
    return found


def rows(answers):
    """A record batch of the rows of some answers."""
    columns = {name: [] for name in SCHEMA.names}

    def add(**values):
        for name, column in columns.items():
            column.append(values.get(name))

    for answer in answers:
        if 'error' in answer:
            add(id=answer['id'], error=answer['error'], hint=answer['hint'])
            continue
        for layer_index, layer in enumerate(answer['layers']):
            for head_index, head in enumerate(answer['heads']):
                scores = {name: answer['scores'][name][layer_index][head_index] for name in SCORES}
                unit = answer['received_unit'][layer_index][head_index]
                add(id=answer['id'], tokens=answer['tokens'], layer=layer, head=head, received_unit=unit, **scores)
    arrays = [pyarrow.array(columns[field.name], field.type) for field in SCHEMA]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def scorer(program, arguments):
    """What Spark runs for each partition: from batches of inputs to batches of rows."""

    def score(batches):
        attnviz = None
        try:
            for batch in batches:
                inputs = batch.to_pylist()
                if inputs and attnviz is None:
                    attnviz = Attnviz(program, arguments)
                waiting = []
                for answer in attnviz.answers(inputs) if inputs else []:
                    waiting.append(answer)
                    if len(waiting) == ANSWERS_AT_ONCE:
                        yield rows(waiting)
                        waiting = []
                if waiting:
                    yield rows(waiting)
            if attnviz is not None:
                code = attnviz.end()
                if code != 0:
                    raise RuntimeError(f'attnviz ended with exit code {code}')
        finally:
            if attnviz is not None:
                attnviz.kill()

    return score


def inputs(table, options):
    """The columns that attnviz reads: `id`, `text` and perhaps `pair`."""
    names = set(table.columns)
    named_id = options.id_column or ('id' if 'id' in names else None)
    named_pair = options.pair_column or ('pair' if 'pair' in names else None)
    own_id = F.col(named_id) if named_id else F.monotonically_increasing_id()
    columns = [own_id.cast('string').alias('id'), F.col(options.text_column).cast('string').alias('text')]
    if named_pair:
        columns.append(F.col(named_pair).cast('string').alias('pair'))
    chosen = table.select(columns)
    return chosen.repartition(options.partitions) if options.partitions else chosen


def heads(scores):
    """For each layer, head and score what it is over all inputs."""
    values = scores.where(F.col('error').isNull()).unpivot(['layer', 'head'], SCORES, 'score', 'value')
    return (
        values.groupBy('layer', 'head', 'score')
        .agg(
            F.avg('value').alias('mean'),
            F.stddev_samp('value').alias('standard_deviation'),
            F.count('value').alias('count'),
        )
        .orderBy('score', 'layer', 'head')
    )


def parse():
    parser = argparse.ArgumentParser(description='Head scores of a table of texts, on Apache Spark.')
    parser.add_argument('input', help='Parquet: a file, a folder, or anything else that Spark reads as such')
    parser.add_argument('output', help='folder for scores.parquet and heads.parquet')
    parser.add_argument('--model', default='builtin', help='as of attnviz; a folder has to be on every worker')
    parser.add_argument('--attnviz', default='attnviz', help='the program, on every worker [default: attnviz]')
    parser.add_argument('--text-column', default='text')
    parser.add_argument('--pair-column', help='[default: pair, where there is such a column]')
    parser.add_argument('--id-column', help='[default: id, else numbers]')
    parser.add_argument('--partitions', type=int, help='so many attnviz work at most [default: as Spark reads]')
    parser.add_argument('--threads', type=int, help='of each attnviz [default: spark.task.cpus]')
    parser.add_argument('--layers', default='all', help='such as 0-3,11 or -1')
    parser.add_argument('--heads', default='all', help='such as 0-3,11 or -1')
    parser.add_argument('--truncate', default='never', help='cut texts to so many tokens')
    parser.add_argument('--overwrite', action='store_true', help='replace what is in OUTPUT')
    parser.add_argument('--master', help='as of spark-submit, where this is run with python')
    return parser.parse_args()


def main():
    options = parse()
    builder = SparkSession.builder.appName('attnviz scores')
    if options.master:
        builder = builder.master(options.master)
        if options.master.startswith('local'):
            # The workers are here, and so is this Python.
            os.environ.setdefault('PYSPARK_PYTHON', sys.executable)
    session = builder.getOrCreate()
    # Rows of texts are sent to Python in pieces that fit small workers.
    session.conf.set('spark.sql.execution.arrow.maxRecordsPerBatch', '1000')
    threads = options.threads or int(session.sparkContext.getConf().get('spark.task.cpus', '1'))
    arguments = [
        '--quiet', '--model', options.model, '--threads', str(threads),
        f'--layers={options.layers}', f'--heads={options.heads}', f'--truncate={options.truncate}',
    ]
    mode = 'overwrite' if options.overwrite else 'errorifexists'
    output = options.output.rstrip('/')
    table = inputs(session.read.parquet(options.input), options)
    scored = table.mapInArrow(scorer(options.attnviz, arguments), SPARK_SCHEMA)
    scored.write.mode(mode).parquet(f'{output}/scores.parquet')
    # From what was written: nothing is scored a second time.
    scores = session.read.parquet(f'{output}/scores.parquet')
    heads(scores).write.mode(mode).parquet(f'{output}/heads.parquet')
    failed = scores.where(F.col('error').isNotNull())
    print(f'failed   {failed.count()} inputs')
    for row in failed.select('id', 'error').limit(10).collect():
        print(f'         {row.id}: {row.error}')
    print(f'wrote    {output}/scores.parquet, {output}/heads.parquet')
    session.stop()


if __name__ == '__main__':
    main()
