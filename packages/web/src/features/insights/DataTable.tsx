import type { ReactNode } from 'react';

interface Props {
  /** Of the region, which a keyboard scrolls. */
  name: string;
  /** Of the columns; the first stands over the heads of the rows. */
  columns: string[];
  rows: { key: string | number; head: ReactNode; cells: ReactNode[] }[];
}

/** Figures with their row and column heads, which scroll sideways where they are wider than the page. */
export function DataTable({ name, columns: [corner, ...columns], rows }: Props) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={name}>
      <table>
        <thead>
          <tr>
            {corner ? <th scope="col">{corner}</th> : <td />}
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, head, cells }) => (
            <tr key={key}>
              <th scope="row">{head}</th>
              {cells.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
